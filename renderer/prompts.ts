import type { PromptView } from '../preload/contract/view';

/** The rules for questions. Pure; the answers themselves never come here. */

export type HostKeyPrompt = Extract<PromptView, { kind: 'host-key' }>;
export type SecretPrompt = Extract<PromptView, { kind: 'secret' }>;

export type QuitPrompt = Extract<PromptView, { kind: 'quit' }>;

/**
 * The question to show: whether to quit, since the user has just asked for that; else the one that is shown already
 * while it is open; else the first that is not answered.
 */
export function promptInFront(
  prompts: Record<string, PromptView>,
  shown: string | null,
  answered: readonly string[],
): string | null {
  const open = Object.keys(prompts).filter((id) => !answered.includes(id));
  const quit = open.find((id) => prompts[id]?.kind === 'quit');
  if (quit !== undefined) return quit;
  return shown !== null && open.includes(shown) ? shown : (open[0] ?? null);
}

/** What a user is told of @cert-authority lines: why a host that ssh(1) would know is not known. null: there are none. */
export function authorityNote({ authorities }: HostKeyPrompt): string | null {
  if (authorities.length === 0) return null;
  const places = authorities.map(({ file, line }) => `${file} line ${line}`);
  return `Keys that an authority signed are not supported. ssh may know this host by ${places.join(', ')}; Reveille goes by the key itself.`;
}

/** OpenSSH's key types and the file of /etc/ssh that holds a host's own key of that type. */
const keyFiles: readonly [RegExp, string][] = [
  [/^ssh-ed25519(-cert-v01@openssh\.com)?$/, 'ed25519'],
  [/^ecdsa-sha2-nistp(256|384|521)$/, 'ecdsa'],
  [/^(ssh-rsa|rsa-sha2-256|rsa-sha2-512)$/, 'rsa'],
];

/** What to type on the host itself to see its fingerprint (ssh-keygen(1), -l and -f). */
export function fingerprintCommand(keyType: string): string {
  const name = keyFiles.find(([type]) => type.test(keyType))?.[1] ?? '*';
  return name === '*'
    ? 'for key in /etc/ssh/ssh_host_*_key.pub; do ssh-keygen -lf "$key"; done'
    : `ssh-keygen -lf /etc/ssh/ssh_host_${name}_key.pub`;
}
