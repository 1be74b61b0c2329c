import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** xfs takes no less than 300 MB. */
const diskBytes = 320 * 1024 * 1024;
const unmountDeadlineMs = 10_000;

interface FileSystem {
  readonly make: readonly [string, ...string[]];
  readonly mountOptions: string;
}

export const fileSystems: Readonly<Record<string, FileSystem>> = {
  ext4: { make: ['mkfs.ext4', '-q', '-F'], mountOptions: 'data=ordered' },
  'ext4-writeback': { make: ['mkfs.ext4', '-q', '-F'], mountOptions: 'data=writeback' },
  xfs: { make: ['mkfs.xfs', '-q', '-f'], mountOptions: 'defaults' },
};

/** A file system of its own in a file, that can be cut off its disk. Needs root and loop devices. */
export class Disk {
  readonly #directory: string;
  readonly #mountOptions: string;
  #loop = '';

  private constructor(directory: string, mountOptions: string) {
    this.#directory = directory;
    this.#mountOptions = mountOptions;
  }

  static async make(kind: string): Promise<Disk> {
    const fileSystem = fileSystems[kind];
    if (fileSystem === undefined) throw new Error(`there is no file system ${kind}`);
    // In memory where that can be: what is tested is what the file system gives to its disk.
    const parent = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();
    const disk = new Disk(await mkdtemp(join(parent, 'allsource-cut-')), fileSystem.mountOptions);
    await mkdir(disk.mountPoint);
    const image = await open(disk.#image, 'w');
    await image.truncate(diskBytes);
    await image.close();
    const [command, ...args] = fileSystem.make;
    runAsRoot(command, [...args, disk.#image]);
    disk.mount();
    return disk;
  }

  get mountPoint(): string {
    return join(this.#directory, 'mounted');
  }

  get #image(): string {
    return join(this.#directory, 'image');
  }

  /** Mounts the file system; after a cut it replays its journal. */
  mount(): void {
    this.#loop = runAsRoot('losetup', ['--find', '--show', this.#image]).trim();
    runAsRoot('mount', ['-o', this.#mountOptions, this.#loop, this.mountPoint]);
  }

  /** Cuts the power. No process may use the disk any more when it is mounted again. */
  cut(): void {
    runAsRoot(shutdownProgram(), [this.mountPoint]);
  }

  /** Takes the loop device away too: what it holds in memory is forgotten with it. */
  async unmount(): Promise<void> {
    const deadline = performance.now() + unmountDeadlineMs;
    for (;;) {
      try {
        runAsRoot('umount', [this.mountPoint]);
        break;
      } catch (error) {
        if (performance.now() > deadline) throw error;
      }
      // The kernel closes the files of an ended process a little later.
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    runAsRoot('losetup', ['--detach', this.#loop]);
  }

  async remove(): Promise<void> {
    await this.unmount();
    await rm(this.#directory, { recursive: true });
  }
}

let program = '';

function shutdownProgram(): string {
  if (program !== '') return program;
  const source = fileURLToPath(new URL('shutdown.c', import.meta.url));
  const built = join(tmpdir(), `allsource-shutdown-${process.pid}`);
  execFileSync('g++', ['-xc', '-O1', source, '-o', built], { stdio: 'inherit' });
  process.on('exit', () => execFileSync('rm', ['-f', built]));
  program = built;
  return program;
}

function runAsRoot(command: string, args: readonly string[]): string {
  try {
    return execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(
      'power cuts are tested on loop-mounted file systems, which needs root, loop devices, ' +
        `e2fsprogs and, for xfs, xfsprogs; run it as root. ${reason}`,
      { cause: error },
    );
  }
}
