import { type AddressInfo, type Server, type Socket, connect, createServer } from 'node:net';
import type { Random } from '../crash/random.js';

const loopback = '127.0.0.1';
/** A link that is to be cut in the middle of what it forwards gets so many bytes further at most. */
const cutAfterBytesMax = 2_000;

type Direction = 'up' | 'down';

/** What a proxy did to those who talk through it. */
export interface ProxyCounts {
  connections: number;
  cuts: number;
  refused: number;
  stalls: number;
}

/** A TCP proxy in front of a port of this machine, which cuts, refuses and stalls when it is told to. */
export class TcpProxy {
  readonly counts: ProxyCounts = { connections: 0, cuts: 0, refused: 0, stalls: 0 };
  readonly #targetPort: number;
  readonly #server: Server;
  readonly #links = new Set<Link>();
  #isRefusing = false;
  #isStalled = false;

  private constructor(targetPort: number) {
    this.#targetPort = targetPort;
    this.#server = createServer({ noDelay: true }, (near) => this.#accept(near));
  }

  static async open(targetPort: number): Promise<TcpProxy> {
    const proxy = new TcpProxy(targetPort);
    await new Promise<void>((resolve, reject) => {
      proxy.#server.once('error', reject);
      proxy.#server.listen({ host: loopback, port: 0 }, resolve);
    });
    return proxy;
  }

  get url(): string {
    // It listens on a port, so this is no path and not null.
    return `http://${loopback}:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Resets every connection. */
  cutAll(): void {
    for (const link of this.#links) this.#cut(link);
  }

  /** Lets each connection forward a part of what comes, in one direction, and then cuts it. */
  cutInTheMiddle(random: Random): void {
    for (const link of this.#links) {
      const direction = random(3) === 0 ? 'up' : 'down';
      link.cutAfter(direction, random(cutAfterBytesMax), () => (this.counts.cuts += 1));
    }
  }

  /** Resets new connections: a closed port could be taken by somebody else meanwhile. */
  refuse(): void {
    this.#isRefusing = true;
    this.cutAll();
  }

  /** Forwards nothing, and closes nothing. */
  stall(): void {
    this.#isStalled = true;
    this.counts.stalls += 1;
    for (const link of this.#links) link.stall();
  }

  /** From now on everything goes through. */
  calm(): void {
    this.#isRefusing = false;
    this.#isStalled = false;
    for (const link of this.#links) link.goOn();
  }

  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const link of this.#links) link.cut();
    await closed;
  }

  #accept(near: Socket): void {
    if (this.#isRefusing) {
      this.counts.refused += 1;
      near.on('error', () => undefined);
      near.resetAndDestroy();
      return;
    }
    this.counts.connections += 1;
    const far = connect({ host: loopback, port: this.#targetPort, noDelay: true });
    const link = new Link(near, far, () => this.#links.delete(link));
    this.#links.add(link);
    if (this.#isStalled) link.stall();
  }

  #cut(link: Link): void {
    this.counts.cuts += 1;
    link.cut();
  }
}

/** One connection of a client, and the one to the server that belongs to it. */
class Link {
  readonly #near: Socket;
  readonly #far: Socket;
  readonly #onEnd: () => void;
  #isStalled = false;
  #isCut = false;
  readonly #bytesLeft: Record<Direction, number> = { up: Infinity, down: Infinity };
  #onCut: () => void = () => undefined;

  constructor(near: Socket, far: Socket, onEnd: () => void) {
    this.#near = near;
    this.#far = far;
    this.#onEnd = onEnd;
    this.#forward(near, far, 'up');
    this.#forward(far, near, 'down');
  }

  cut(): void {
    this.#isCut = true;
    this.#near.resetAndDestroy();
    this.#far.resetAndDestroy();
    this.#onEnd();
  }

  cutAfter(direction: Direction, bytes: number, onCut: () => void): void {
    this.#bytesLeft[direction] = bytes;
    this.#onCut = onCut;
  }

  stall(): void {
    this.#isStalled = true;
    this.#near.pause();
    this.#far.pause();
  }

  goOn(): void {
    this.#isStalled = false;
    this.#bytesLeft.up = Infinity;
    this.#bytesLeft.down = Infinity;
    this.#near.resume();
    this.#far.resume();
  }

  #forward(from: Socket, to: Socket, direction: Direction): void {
    from.on('data', (piece) => {
      const left = this.#bytesLeft[direction];
      if (piece.length < left) {
        this.#bytesLeft[direction] = left - piece.length;
        if (!to.write(piece)) from.pause();
        return;
      }
      from.pause();
      this.#onCut();
      // What is reset before it has left this process would not arrive.
      to.write(piece.subarray(0, left), () => this.cut());
    });
    to.on('drain', () => {
      if (!this.#isStalled) from.resume();
    });
    from.on('end', () => to.end());
    from.on('error', () => undefined);
    from.on('close', () => {
      if (this.#isCut) return;
      if (from.errored) this.cut();
      else to.destroySoon();
      this.#onEnd();
    });
  }
}
