import tseslint from 'typescript-eslint';

/** Limits of style.md: a function of 70 lines and a file of 600 are walls, 40 and 400 the target. */
const lengths = {
  'max-lines': ['error', 600],
  'max-lines-per-function': ['error', 70],
};

export default tseslint.config(
  { ignores: ['dist', 'build', '**/build', 'node_modules', 'coverage'] },
  ...tseslint.configs.recommended,
  {
    rules: {
      // A member is named in order to leave it out of the rest.
      '@typescript-eslint/no-unused-vars': ['error', { ignoreRestSiblings: true }],
    },
  },
  {
    files: ['src/**/*.ts'],
    extends: [...tseslint.configs.recommendedTypeChecked],
    languageOptions: { parserOptions: { projectService: true } },
    rules: {
      ...lengths,
      '@typescript-eslint/no-non-null-assertion': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      '@typescript-eslint/require-await': 'off', // an async function turns what it throws into a rejection
      '@typescript-eslint/no-empty-function': 'off',
      eqeqeq: ['error', 'always'],
      'no-console': 'error',
      'no-restricted-syntax': [
        'error',
        { selector: 'ExportDefaultDeclaration', message: 'Use named exports.' },
      ],
    },
  },
  {
    files: ['test/**/*.ts', 'examples/**/*.ts'],
    rules: { 'max-lines': ['error', 600] },
  },
  {
    files: ['**/*.mjs', 'bench/**/*.mjs'],
    rules: { 'max-lines': ['error', 600] },
  },
);
