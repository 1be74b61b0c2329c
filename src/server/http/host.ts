import { BlockList, isIP } from 'node:net';

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');

/** True for `localhost`, names below it, 127.0.0.0/8 and ::1, with or without brackets. */
export function isLoopbackName(host: string): boolean {
  const name = host.startsWith('[') && host.endsWith(']') ? host.slice(1, -1) : host;
  const family = isIP(name);
  if (family !== 0) return loopback.check(name, family === 6 ? 'ipv6' : 'ipv4');
  const lower = name.toLowerCase();
  return lower === 'localhost' || lower.endsWith('.localhost');
}

// Clients send the same few headers for ever, and taking an address apart costs 2 µs a request.
let lastLoopbackHeader = 'localhost';

/**
 * True where a `Host` header names this machine's loopback. Without authentication the address is
 * the only guard, and a web page whose name was re-pointed to 127.0.0.1 would reach it: its
 * requests bear the page's name here.
 */
export function isLoopbackHostHeader(header: string): boolean {
  if (header === lastLoopbackHeader) return true;
  const isLoopback = isLoopbackName(header.replace(/:\d*$/, ''));
  if (isLoopback) lastLoopbackHeader = header;
  return isLoopback;
}
