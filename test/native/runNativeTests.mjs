// Builds and runs the engine's native tests.
//
//   node test/native/runNativeTests.mjs [--sanitize=address,undefined|thread|none] [doctest options]
//
// The default is address,undefined. It ends with doctest's summary; the exit code is 0 only where
// everything was built and every test passed. Nothing is rebuilt where nothing changed. Needs a C++
// compiler and the headers of doctest and OpenSSL (Debian: doctest-dev, libssl-dev).
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const buildTimeoutMs = 15 * 60_000;
const testTimeoutMs = 20 * 60_000;

const folderBySanitizer = new Map([
  ['address,undefined', 'native/test/address'],
  ['thread', 'native/test/thread'],
  ['none', 'native/test/plain'],
]);

const sanitizerOptions = {
  ASAN_OPTIONS: 'detect_stack_use_after_return=1:strict_string_checks=1',
  TSAN_OPTIONS: 'halt_on_error=1',
  UBSAN_OPTIONS: 'print_stacktrace=1',
};

main(process.argv.slice(2));

function main(args) {
  const sanitizer = sanitizerOf(args);
  const folder = folderBySanitizer.get(sanitizer);
  if (folder === undefined) {
    const known = [...folderBySanitizer.keys()].join(' | ');
    fail(`--sanitize: expected ${known}, got ${JSON.stringify(sanitizer)}`);
  }
  build(folder);
  const doctestArgs = args.filter((arg) => !arg.startsWith('--sanitize='));
  runTests([`${folder}/build/Release/unit_tests`, ...doctestArgs], sanitizer);
}

function sanitizerOf(args) {
  const given = args.find((arg) => arg.startsWith('--sanitize='));
  return given === undefined ? 'address,undefined' : given.slice('--sanitize='.length);
}

// By npm: node-gyp run directly would not see npm's setting `nodedir`.
function build(folder) {
  const result = spawnSync('npm', ['run', '--silent', 'build:native-tests', '--', folder], {
    cwd: root,
    encoding: 'utf8',
    timeout: buildTimeoutMs,
  });
  if (result.error !== undefined) fail(`cannot run npm: ${result.error.message}`);
  if (result.status !== 0) {
    process.stderr.write(result.stdout + result.stderr);
    fail(`the build in ${folder} failed`);
  }
}

function runTests(commandLine, sanitizer) {
  const [command, ...args] =
    sanitizer === 'thread' ? withoutRandomAddresses(commandLine) : commandLine;
  const result = spawnSync(command, args, {
    cwd: root,
    env: { ...sanitizerOptions, ...process.env },
    stdio: 'inherit',
    timeout: testTimeoutMs,
  });
  if (result.error !== undefined) fail(`cannot run ${command}: ${result.error.message}`);
  if (result.signal !== null) fail(`${command} was ended by ${result.signal}`);
  process.exitCode = result.status;
}

// ThreadSanitizer of older compilers stops at start where the kernel spreads addresses widely.
function withoutRandomAddresses(commandLine) {
  const setarch = '/usr/bin/setarch';
  return existsSync(setarch) ? [setarch, '--addr-no-randomize', ...commandLine] : commandLine;
}

function fail(message) {
  console.error(`native tests: ${message}`);
  process.exit(1);
}
