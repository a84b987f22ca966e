/**
 * A random UUID (RFC 9562, version 4). `crypto.randomUUID` is missing in pages that are not a
 * secure context, `crypto.getRandomValues` is not.
 */
export function uuid() {
  const bytes = globalThis.crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
  const parts = [[0, 8], [8, 12], [12, 16], [16, 20], [20, 32]];
  return parts.map(([from, to]) => hex.slice(from, to)).join('-');
}
