import type { Duplex } from 'node:stream';
import type { Clock } from '../../clock';
import { SshError } from '../../protocols/ssh/errors';
import { posix, shellCommand } from '../../protocols/ssh/shell';
import { HostError } from '../host';
import { OutcomeUnknownError, type SleepOrder } from '../power';
import { secretToken, type RemoteHost } from './remote';

/** How long a host may take to begin with the command, in ms. */
const BEGIN_MS = 15_000;
/** A command that has run for so long without an end was taken, in ms: what is refused is refused at once. */
const TAKEN_MS = 2000;
const MAX_OUTPUT = 64 * 1024;

/** rtcwake.c of util-linux and of busybox say this right before they write to /sys/power/state. */
const GOING = /\bwakeup from\b/;

/**
 * Has the host run `argv`, which puts it to sleep. It is taken when it ends without an error, when rtcwake says that it
 * goes, or when it has run for a while; a host that sleeps tells nothing any more.
 * @throws HostError when it fails, OutcomeUnknownError when the connection goes away first
 */
export async function orderSleep(remote: Pick<RemoteHost, 'execStream'>, clock: Clock, argv: readonly string[]): Promise<SleepOrder> {
  const token = secretToken();
  let stream: Duplex;
  try {
    stream = await remote.execStream(posix(scriptOf(argv)));
  } catch (error) {
    if (!(error instanceof SshError)) throw error;
    if (error.kind === 'closed') throw new OutcomeUnknownError(error.message, { cause: error });
    throw new HostError(`It cannot be asked: ${error.message}`, error.remedy, { cause: error });
  }
  stream.write(`${token}\n`);
  return takenOf(stream, token, clock);
}

/** The token comes by stdin, so that nothing on the host can know it: no output passes for an end. */
const scriptOf = (argv: readonly string[]): string => `IFS= read -r token
exec </dev/null 2>&1
LC_ALL=C; export LC_ALL
echo; echo "$token begun"
${shellCommand(argv)}
code=$?
echo; echo "$token ended $code"`;

function takenOf(stream: Duplex, token: string, clock: Clock): Promise<SleepOrder> {
  return new Promise((accept, reject) => {
    let heard = '';
    let tellEnd: (end: { code: number; said: string }) => void = () => {};
    const ended = new Promise<{ code: number; said: string }>((resolve) => (tellEnd = resolve));
    const begin = `\n${token} begun\n`;
    const after = () => (heard.includes(begin) ? heard.slice(heard.indexOf(begin) + begin.length) : null);

    const lost = (why: string) => {
      cancel();
      // Settles nothing where it was taken before.
      reject(new OutcomeUnknownError(why));
    };
    let cancel = clock.setTimer(BEGIN_MS, () => {
      lost('The host did not begin with the command in time');
      stream.destroy();
    });
    let hasBegun = false;

    stream.on('data', (chunk: Buffer) => {
      if (heard.length < MAX_OUTPUT) heard += chunk.toString('latin1');
      const said = after();
      if (said === null) return;
      if (!hasBegun) {
        hasBegun = true;
        cancel();
        cancel = clock.setTimer(TAKEN_MS, () => accept({ ended }));
      }
      const [, output = '', code] = new RegExp(`^([^]*?)\\n${token} ended (\\d+)\\n`).exec(said) ?? [];
      if (code !== undefined) {
        cancel();
        const end = { code: Number(code), said: readable(output) };
        if (end.code === 0) accept({ ended });
        else reject(new HostError(`It refused: ${end.said || `the command ended with ${code}`}.`, 'Mend that on the host, and try again.'));
        tellEnd(end);
        stream.destroy();
      } else if (GOING.test(said)) {
        cancel();
        accept({ ended });
      }
    });
    // What is wrong with it, `close` follows.
    stream.on('error', () => undefined);
    stream.on('close', () => lost('The connection went away before the host had taken the command'));
  });
}

const readable = (text: string): string =>
  Buffer.from(text, 'latin1')
    .toString('utf8')
    .replace(/[\u0000-\u001f\u007f]+/g, ' ')
    .trim()
    .slice(-300)
    .replace(/\.$/, '');
