/**
 * `text` as one word of a POSIX sh command line. Only for text that sh itself reads: what goes through a login
 * shell, which may be another one, is wrapped by `posix`.
 * @throws RangeError for a NUL, which no argument can hold
 */
export function shellQuote(text: string): string {
  if (text.includes('\0')) throw new RangeError('An argument cannot hold a NUL');
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

/** An argument vector as a POSIX sh command line. @throws RangeError for a NUL */
export const shellCommand = (argv: readonly string[]): string => argv.map(shellQuote).join(' ');

/** What sh, csh, tcsh, fish and zsh read alike between single quotes; all else is sent in octal. */
const SAFE_BYTE = /[A-Za-z0-9 \t"#$%&()*+,./:;<=>?@[\]^_`{|}~-]/;

/**
 * A command for a login shell of any kind (sh, bash, zsh, fish, csh, tcsh) that has POSIX sh run `script`, which
 * may have several lines. csh expands `!` and ends a word at a newline even in single quotes, and fish reads
 * backslashes there, so those bytes, and all that is not ASCII, travel as printf's \0ooo (POSIX printf, %b).
 * @throws RangeError for a NUL
 */
export function posix(script: string): string {
  if (script.includes('\0')) throw new RangeError('A command cannot hold a NUL');
  const encoded = Array.from(Buffer.from(script, 'utf8'), (byte) => {
    const character = String.fromCharCode(byte);
    return SAFE_BYTE.test(character) ? character : `\\0${byte.toString(8).padStart(3, '0')}`;
  }).join('');
  return `exec sh -c 'eval "$(printf %b "$1")"' sh '${encoded}'`;
}

/**
 * A command whose own output can be told from what the login shell's start-up files and logout say around it.
 * `marker` is a word that nothing else prints: random.
 */
export function marked(script: string, marker: string): string {
  if (!/^[\w-]+$/.test(marker)) throw new RangeError('A marker is a plain word');
  return posix(`echo ${marker}; (${script}\n); echo ${marker} $?`);
}

/** What a `marked` command wrote to stdout, and its exit code; null when the marks are not there. */
export function unmark(stdout: Buffer, marker: string): { readonly stdout: Buffer; readonly code: number } | null {
  const start = stdout.indexOf(`${marker}\n`);
  if (start === -1) return null;
  const from = start + marker.length + 1;
  const end = stdout.lastIndexOf(`${marker} `);
  const code = /^ (\d+)\n/.exec(stdout.toString('latin1', end + marker.length, end + marker.length + 8))?.[1];
  return end < from || code === undefined ? null : { stdout: stdout.subarray(from, end), code: Number(code) };
}
