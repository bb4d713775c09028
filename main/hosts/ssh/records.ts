import { marked, unmark } from '../../protocols/ssh/shell';
import { secretToken, type RemoteExec } from './remote';

/**
 * What a script tells: a head of plain words that the script itself wrote, and a body of any bytes, one character
 * for each (latin1).
 */
export interface HostRecord {
  readonly name: string;
  /** The words after the name. */
  readonly words: readonly string[];
  readonly body: string;
}

/** The answer of a host to a script is not what the script says. */
export class RecordsError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'RecordsError';
  }
}

/**
 * Defines `rec "NAME WORD.."`, which begins a record; what is printed after it is its body. Records begin with a token
 * that comes by stdin and is only ever in a variable of the shell (echo is built in), so that no process of the host
 * can know it: whatever bytes a body holds, it cannot begin another record. Start-up files may talk around it all.
 * What a user has set for the locale and for ls would change what programs print; $locale keeps the former.
 */
const PROLOGUE = `IFS= read -r token
exec </dev/null 2>/dev/null
case $token in ????????????????????????????????) ;; *) exit 90;; esac
IFS=' 	
'
locale=\${LC_ALL-unset}
LC_ALL=C; export LC_ALL
unset QUOTING_STYLE TIME_STYLE BLOCK_SIZE BLOCKSIZE LS_BLOCK_SIZE POSIXLY_CORRECT GREP_OPTIONS CDPATH
PATH=\${PATH-}:/usr/bin:/bin:/usr/sbin:/sbin
nl='
'
rec() { echo; echo "$token $1"; }
echo "$token"
`;

const EPILOGUE = `
rec end`;

export interface RunOptions {
  readonly timeoutMs?: number;
  readonly maxBytes?: number;
}

/**
 * Has POSIX sh on the host run `script`, which prints by `rec`.
 * @throws SshError as exec does; RecordsError when the answer is not a complete one
 */
export async function runScript(
  remote: RemoteExec,
  script: string,
  options: RunOptions = {},
): Promise<HostRecord[]> {
  const token = secretToken();
  const marker = secretToken();
  const command = marked(PROLOGUE + script + EPILOGUE, marker);
  const { stdout, stderr } = await remote.exec(command, { ...options, stdin: `${token}\n` });
  const answer = unmark(Buffer.from(stdout.buffer, stdout.byteOffset, stdout.byteLength), marker);
  if (answer === null) throw new RecordsError(`Its shell did not run a script${said(stderr) || said(stdout)}`);
  return parseRecords(answer.stdout.toString('latin1'), token);
}

function said(stderr: Uint8Array): string {
  const words = Buffer.from(stderr)
    .toString('utf8')
    .replace(/[\u0000-\u001f\u007f]+/g, ' ')
    .trim()
    .slice(0, 300)
    .replace(/\.$/, '');
  return words === '' ? '' : `: ${words}`;
}

/** @throws RecordsError */
export function parseRecords(text: string, token: string): HostRecord[] {
  const [before, ...parts] = text.split(`\n${token} `);
  if (before !== `${token}\n`) throw new RecordsError('Its answer to a script is not readable');
  const records = parts.map((part) => {
    const end = part.indexOf('\n');
    const [name = '', ...words] = (end === -1 ? part : part.slice(0, end)).split(' ');
    return { name, words, body: end === -1 ? '' : part.slice(end + 1) };
  });
  if (records.pop()?.name !== 'end') throw new RecordsError('Its answer to a script broke off');
  return records;
}

/** The bytes that a body stands for, as text; `exact` unless they are no UTF-8. */
export function utf8Of(body: string): { readonly text: string; readonly exact: boolean } {
  const bytes = Buffer.from(body, 'latin1');
  const text = bytes.toString('utf8');
  return { text, exact: Buffer.from(text, 'utf8').equals(bytes) };
}
