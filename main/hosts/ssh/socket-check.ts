import { parseOwnership, type Forbidden } from './permission';
import { utf8Of, type HostRecord } from './records';

/**
 * Shell functions for scripts that run with records.ts's prologue:
 * - `check PATH` sets $state to `open`, `missing` or `forbidden`, and $obstacle to what is in the way then: the socket
 *   itself or the first folder above it that may not be entered. connect(2) wants write permission on the socket and
 *   search permission on the folders (unix(7)).
 * - `forbid PATH` records it and collects $obstacle; `owners` then records who they belong to.
 */
export const SOCKET_CHECK = `
obstacles=
check() {
  obstacle=$1; folder=\${1%/*}
  if [ -w "$1" ]; then state=open; return; fi
  if [ ! -x "\${folder:-/}" ]; then
    obstacle=$folder; folder=\${obstacle%/*}
    while [ "$folder" ] && [ ! -x "$folder" ]; do obstacle=$folder; folder=\${obstacle%/*}; done
  fi
  if [ -e "$obstacle" ]; then state=forbidden; else state=missing; fi
}
forbid() {
  rec forbidden; printf '%s\\n' "$1" "$obstacle"
  case $nl$obstacles in *"$nl$obstacle$nl"*) ;; *) obstacles=$obstacles$obstacle$nl;; esac
}
owners() {
  [ "$obstacles" ] || return
  set -f; IFS=$nl; set -- $obstacles; set +f; IFS=' 	'$nl
  rec owners-n; ls -lndL "$@"
  rec owners; ls -ldL "$@"
}
`;

/** The sockets that were recorded by `forbid`, by path. */
export function parseForbidden(records: readonly HostRecord[]): Map<string, Forbidden> {
  const lines = (name: string): string[] =>
    (records.find((record) => record.name === name)?.body ?? '').split('\n');
  // The first slash of ls's line begins the path.
  const pathOf = (line: string): string => line.slice(line.indexOf('/'));
  const named = new Map(lines('owners').map((line) => [pathOf(line), line]));
  const ownerships = new Map(
    lines('owners-n').map((line) => [pathOf(line), parseOwnership(line, named.get(pathOf(line)) ?? '')]),
  );
  const found = new Map<string, Forbidden>();
  for (const { name, body } of records) {
    const [path, obstacle] = name === 'forbidden' ? body.split('\n') : [];
    if (path === undefined || obstacle === undefined) continue;
    const ownership = ownerships.get(obstacle) ?? null;
    found.set(utf8Of(path).text, { path: utf8Of(path).text, obstacle: utf8Of(obstacle).text, ownership });
  }
  return found;
}
