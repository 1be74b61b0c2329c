export const secretPrefix = 'whsec_';
const bytesMin = 24;
const bytesMax = 64;

/** Why a text is no secret of a webhook; undefined where it is one. */
export function secretProblem(secret: unknown): string | undefined {
  const base64 = typeof secret === 'string' ? secret.slice(secretPrefix.length) : '';
  const bytes = /^[A-Za-z0-9+/]*={0,2}$/.test(base64) ? bytesOf(base64) : '';
  const isInRange = bytes.length >= bytesMin && bytes.length <= bytesMax;
  if (isInRange && secretPrefix + btoa(bytes) === secret) return undefined;
  return `expected ${secretPrefix} and base64 of ${bytesMin}-${bytesMax} bytes`;
}

/** Empty where it is no base64. */
function bytesOf(base64: string): string {
  try {
    return atob(base64);
  } catch {
    return '';
  }
}
