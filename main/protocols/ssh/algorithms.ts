import type { Algorithms } from 'ssh2';
import { orderHostKeyAlgorithms } from './known-hosts';

/** ssh2's own without SHA-1: what OpenSSH offers since 8.8. */
const HOST_KEY_ALGORITHMS = [
  'ssh-ed25519',
  'ecdsa-sha2-nistp256',
  'ecdsa-sha2-nistp384',
  'ecdsa-sha2-nistp521',
  'rsa-sha2-512',
  'rsa-sha2-256',
] as const;

/** What is offered to a server. No chacha20-poly1305: ssh2 has it in native code only, which Electron does not load. */
export const algorithmsFor = (knownKeyTypes: readonly string[]): Algorithms => ({
  serverHostKey: orderHostKeyAlgorithms(HOST_KEY_ALGORITHMS, knownKeyTypes),
  cipher: ['aes128-gcm@openssh.com', 'aes256-gcm@openssh.com', 'aes128-ctr', 'aes192-ctr', 'aes256-ctr'],
  hmac: ['hmac-sha2-256-etm@openssh.com', 'hmac-sha2-512-etm@openssh.com', 'hmac-sha2-256', 'hmac-sha2-512'],
  compress: ['none'],
});
