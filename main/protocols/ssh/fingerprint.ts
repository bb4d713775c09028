import { createHash } from 'node:crypto';

/**
 * The fingerprint of a public key in SSH's wire form (RFC 4253 6.6), as OpenSSH prints it: SHA256 in base64
 * without padding.
 */
export function fingerprint(key: Uint8Array): string {
  return `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`;
}

/** The type that a public key in wire form names, such as ssh-ed25519; null for bytes that are no key. */
export function keyType(key: Uint8Array): string | null {
  const bytes = Buffer.from(key.buffer, key.byteOffset, key.byteLength);
  if (bytes.length < 4) return null;
  const length = bytes.readUInt32BE(0);
  if (length < 1 || length > 64 || bytes.length <= 4 + length) return null;
  const name = bytes.toString('latin1', 4, 4 + length);
  return /^[\x21-\x7e]+$/.test(name) ? name : null;
}
