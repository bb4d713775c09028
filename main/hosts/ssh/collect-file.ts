import { shellQuote } from '../../protocols/ssh/shell';
import { HostError, tooLarge } from '../host';
import { RecordsError, runScript } from './records';
import { secretToken, type RemoteExec } from './remote';

/** A picture may come over a slow line. */
const READ_MS = 60_000;
/** The answer's own words beside the file, and what start-up files say. */
const ROOM = 512 * 1024;

/**
 * HostAccess.collectFile on a host behind SSH. When the connection ends in between, the folder stays there, closed to
 * others.
 * @throws HostError, SshError; what `write` throws
 */
export async function collectRemoteFile(
  remote: RemoteExec,
  write: (path: string) => Promise<void>,
  maxBytes: number,
): Promise<Uint8Array> {
  const folder = await makeFolder(remote);
  const quoted = shellQuote(folder);
  let written = false;
  try {
    await write(`${folder}/file`);
    written = true;
  } finally {
    if (!written) await runScript(remote, `rm -rf ${quoted}`);
  }
  const records = await runScript(
    remote,
    `size=$(wc -c < ${quoted}/file); size=$(( \${size:--1} ))
rec "size $size"
[ "$size" -gt ${maxBytes} ] || [ "$size" -lt 0 ] || { rec file; cat ${quoted}/file; }
rm -rf ${quoted}`,
    { timeoutMs: READ_MS, maxBytes: maxBytes + ROOM },
  );
  const size = Number(records.find(({ name }) => name === 'size')?.words[0]);
  if (size > maxBytes) throw tooLarge(size, maxBytes);
  const file = records.find(({ name }) => name === 'file');
  if (!file || file.body.length !== size) throw new RecordsError('A file that was written there cannot be read');
  return Buffer.from(file.body, 'latin1');
}

async function makeFolder(remote: RemoteExec): Promise<string> {
  const records = await runScript(
    remote,
    `umask 077
d=\${TMPDIR:-/tmp}/reveille-file-${secretToken()}
case $d in /*) mkdir "$d" && : > "$d/file" && { rec folder; printf '%s\\n' "$d"; };; esac`,
  );
  const folder = records.find(({ name }) => name === 'folder')?.body.replace(/\n$/, '');
  if (folder) return Buffer.from(folder, 'latin1').toString('utf8');
  throw new HostError('No file can be written to the host’s folder for temporary files.', 'Check that its disk has room.');
}
