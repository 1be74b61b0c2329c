import type { IncomingMessage } from 'node:http';
import { BlockList, isIP } from 'node:net';
import { AllSourceError } from '../../domain/index.js';

const forwardedMax = 32;

/** Says from where a request came, also where it went through proxies that are known. */
export class ClientAddresses {
  readonly #proxies = new BlockList();
  readonly #hasProxies: boolean;

  /** Addresses and ranges such as `10.0.0.0/8`; throws `invalid_configuration`. */
  constructor(trustedProxies: readonly string[]) {
    this.#hasProxies = trustedProxies.length > 0;
    for (const text of trustedProxies) addRange(this.#proxies, text);
  }

  /**
   * The address of the client. `X-Forwarded-For` counts only where a known proxy wrote it: from its end
   * backwards, the first address that is not one of theirs. What a client writes there itself lies before.
   */
  of({ socket, headers }: Pick<IncomingMessage, 'headers' | 'socket'>): string {
    const peer = plainAddress(socket.remoteAddress ?? '');
    if (!this.#hasProxies || !this.#isProxy(peer)) return peer;
    const forwarded = String(headers['x-forwarded-for'] ?? '').split(',');
    let client = peer;
    for (const text of forwarded.slice(-forwardedMax).reverse()) {
      const address = plainAddress(text.trim());
      // Whatever is behind something that is no address is not known.
      if (isIP(address) === 0) break;
      client = address;
      if (!this.#isProxy(address)) break;
    }
    return client;
  }

  #isProxy(address: string): boolean {
    const family = isIP(address);
    return family !== 0 && this.#proxies.check(address, family === 6 ? 'ipv6' : 'ipv4');
  }
}

/** `::ffff:192.0.2.1` is 192.0.2.1: a socket for both families shows it so. */
function plainAddress(address: string): string {
  const mapped = /^::ffff:(\d{1,3}(?:\.\d{1,3}){3})$/i.exec(address);
  return mapped?.[1] ?? address;
}

function addRange(list: BlockList, text: string): void {
  const [address = '', bits, ...rest] = text.split('/');
  const family = isIP(address);
  const most = family === 6 ? 128 : 32;
  const prefix = bits === undefined ? most : /^\d{1,3}$/.test(bits) ? Number(bits) : Number.NaN;
  if (family === 0 || rest.length > 0 || !(prefix >= 0 && prefix <= most)) {
    throw new AllSourceError(
      'invalid_configuration',
      `trustedProxies: expected addresses and ranges such as 10.0.0.0/8, got ${JSON.stringify(text)}`,
    );
  }
  list.addSubnet(address, prefix, family === 6 ? 'ipv6' : 'ipv4');
}
