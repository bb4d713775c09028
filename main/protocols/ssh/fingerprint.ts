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

/** A key type in the words of `ssh-keygen -l`: ED25519, ECDSA, RSA, DSA; else the type itself. */
export function keyTypeLabel(type: string): string {
  switch (type) {
    case 'ssh-ed25519':
      return 'ED25519';
    case 'ecdsa-sha2-nistp256':
    case 'ecdsa-sha2-nistp384':
    case 'ecdsa-sha2-nistp521':
      return 'ECDSA';
    case 'ssh-rsa':
      return 'RSA';
    case 'ssh-dss':
      return 'DSA';
    case 'sk-ssh-ed25519@openssh.com':
      return 'ED25519-SK';
    case 'sk-ecdsa-sha2-nistp256@openssh.com':
      return 'ECDSA-SK';
    default:
      return type;
  }
}
