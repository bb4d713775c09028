import type { GuestView } from '../../../preload/contract/view';
import { commandLines } from '../../text';
import { Block } from '../../ui/untrusted';

/** The command that starts a guest, as the user has to see it once. */
export function StartCommand({ start }: { start: NonNullable<GuestView['start']> }) {
  return (
    <>
      <pre className="code code-tall" tabIndex={0} role="group" aria-label="Command, one argument a line">
        {commandLines(start)}
      </pre>
      <dl className="pairs">
        <dt>Working directory</dt>
        <dd>
          <Block text={start.cwd} />
        </dd>
      </dl>
    </>
  );
}
