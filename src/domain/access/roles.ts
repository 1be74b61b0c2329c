/** What a caller may do. */
export const permissions = [
  'read',
  'write',
  'sql',
  'metrics',
  'schemas',
  'pipelines',
  'tenants',
  'admin',
] as const;

export type Permission = (typeof permissions)[number];

const roleTable = {
  admin: permissions,
  developer: ['read', 'write', 'sql', 'metrics', 'schemas', 'pipelines'],
  readonly: ['read', 'metrics'],
  serviceaccount: ['read', 'write'],
} as const satisfies Record<string, readonly Permission[]>;

export type Role = keyof typeof roleTable;

export const roles = Object.keys(roleTable) as Role[];

/** Other names of roles. */
const aliases: ReadonlyMap<string, Role> = new Map([
  ['operator', 'developer'],
  ['reader', 'readonly'],
]);

export const roleNames: readonly string[] = [...roles, ...aliases.keys()];

/** Undefined where there is no such role. */
export function roleOf(name: string): Role | undefined {
  return roles.find((role) => role === name) ?? aliases.get(name);
}

const allowed: ReadonlyMap<Role, ReadonlySet<Permission>> = new Map(
  roles.map((role) => [role, new Set<Permission>(roleTable[role])]),
);

export function roleHas(role: Role, permission: Permission): boolean {
  return allowed.get(role)?.has(permission) === true;
}

export function permissionsOf(role: Role): readonly Permission[] {
  return roleTable[role];
}

/** Whether a role may do all that another one may. */
export function roleCovers(role: Role, other: Role): boolean {
  return roleTable[other].every((permission) => roleHas(role, permission));
}
