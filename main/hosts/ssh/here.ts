import { readdirSync } from 'node:fs';
import { homedir, hostname, userInfo } from 'node:os';
import { nodeConfigReader, usualPlaces } from '../../protocols/ssh/config-reader';
import { nodeKnownHostsFs } from '../../protocols/ssh/known-hosts-file';
import type { SshSurroundings } from './connect';

/** What ssh(1) would find on this computer: the user, the files, the agent. */
export type SshHere = Pick<SshSurroundings, 'reader' | 'places' | 'knownHostsFs' | 'local' | 'usualAgent'>;

/** What Node tells of this computer and its user. */
export interface ThisComputer {
  readonly platform: NodeJS.Platform;
  readonly home: string;
  readonly user: string;
  readonly uid: number;
  readonly hostName: string;
  /** Windows: the names of its pipes. */
  pipes(): readonly string[];
}

const PIPES = '\\\\.\\pipe\\';

const thisComputer = (): ThisComputer => {
  const { username: user, uid } = userInfo();
  return { platform: process.platform, home: homedir(), user, uid, hostName: hostname(), pipes: () => readdirSync(PIPES) };
};

export function sshOnThisComputer(env: NodeJS.ProcessEnv, computer: ThisComputer = thisComputer()): SshHere {
  const { platform, home, user, uid, hostName } = computer;
  const isWindows = platform === 'win32';
  const { config, globalKnownHostsFiles } = usualPlaces(home, platform, env);
  return {
    reader: nodeConfigReader,
    knownHostsFs: nodeKnownHostsFs,
    places: config,
    local: { user, uid: isWindows ? null : uid, home, hostName, env, globalKnownHostsFiles },
    // As ssh(1), which takes an empty name for none.
    usualAgent: () => env['SSH_AUTH_SOCK'] || (isWindows ? windowsAgents(computer) : null),
  };
}

/**
 * OpenSSH's agent listens at one pipe (Win32-OpenSSH, ssh-agent.exe); PuTTY's Pageant, since 0.77, speaks the same at
 * `pageant.USER.HASH`, whose hash nobody else computes. The pipes of other users are not asked.
 */
function windowsAgents({ user, pipes }: ThisComputer): readonly string[] {
  const isPageant = (name: string) => name.toLowerCase().startsWith(`pageant.${user.toLowerCase()}.`);
  let pageants: string[] = [];
  try {
    pageants = pipes().filter(isPageant);
  } catch {
    // None of these has to be there; what was tried is told when nothing else signs the user in.
  }
  return ['openssh-ssh-agent', ...pageants].map((name) => PIPES + name);
}
