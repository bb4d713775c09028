import type { DaemonPlace } from '../../hypervisors/libvirt/model';

/** Below a run-time folder: the QEMU daemon of a modular libvirt, then the one daemon of a monolithic one. */
const place = (scope: DaemonPlace['scope'], folders: readonly string[]): DaemonPlace => {
  const at = (suffix: string) =>
    folders.flatMap((folder) =>
      [`${folder}/virtqemud-sock${suffix}`, `${folder}/libvirt-sock${suffix}`].map((path) => ({ kind: 'unix' as const, path })),
    );
  return {
    scope,
    uri: `qemu:///${scope}`,
    sockets: at(''),
    // A session belongs to its user: nobody else looks.
    readOnlySockets: scope === 'system' ? at('-ro') : [],
  };
};

/**
 * Where libvirt listens on a Linux host (libvirt: docs/daemons.rst).
 * @param runtimeDir the user's $XDG_RUNTIME_DIR; null when there is none
 */
export const linuxPlaces = (runtimeDir: string | null): DaemonPlace[] => [
  place('system', ['/var/run/libvirt']),
  ...(runtimeDir === null ? [] : [place('session', [`${runtimeDir}/libvirt`])]),
];

export interface Here {
  readonly platform: NodeJS.Platform;
  readonly home: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** null on Windows. */
  readonly uid: number | null;
}

/** Where libvirt may listen on this computer; Windows has none. */
export function placesHere({ platform, home, env, uid }: Here): DaemonPlace[] {
  switch (platform) {
    case 'linux':
      // An empty variable is as good as none, for libvirt as well.
      return linuxPlaces(env.XDG_RUNTIME_DIR || (uid === null ? null : `/run/user/${uid}`));
    case 'darwin':
      return [
        place('system', ['/opt/homebrew/var/run/libvirt', '/usr/local/var/run/libvirt']),
        place('session', [`${env.XDG_CACHE_HOME || `${home}/.cache`}/libvirt`]),
      ];
    default:
      return [];
  }
}
