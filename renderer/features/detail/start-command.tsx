import type { GuestView } from '../../../preload/contract/view';
import { Copyable } from '../../ui/copyable';
import { commandLines } from '../../text';
import { Block } from '../../ui/untrusted';

/** How the guest is started again: what a newcomer reads before the first start. */
export function StartCommand({ guest }: { guest: GuestView }) {
  const { start } = guest;
  return (
    <section aria-labelledby="start-heading">
      <h3 id="start-heading">Start command</h3>
      {start === null ? (
        <p className="missing">Not known. Reveille learns it when it sees the guest run, or from you when you add one.</p>
      ) : (
        <>
          <Copyable text={commandLines(start)} label="Start command, one argument a line" />
          <dl className="pairs">
            <dt>Runs in</dt>
            <dd>
              <Block text={start.cwd} />
            </dd>
            <dt>Accepted</dt>
            <dd>{start.accepted ? 'yes: Start runs it at once' : 'not yet: Start shows it first'}</dd>
          </dl>
        </>
      )}
    </section>
  );
}
