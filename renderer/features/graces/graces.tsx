import { useState } from 'react';
import type { GraceView } from '../../../preload/contract/schedules';
import type { GraceCommandName } from '../../commands';
import { graceCommands } from '../../commands';
import { runGraceCommand } from '../../many-intents';
import { useWindow } from '../../store';
import { cleanLine } from '../../text';
import { spanWords } from '../../time';
import { Button } from '../../ui/button';
import { Icon } from '../../ui/icon';
import { InCountdown } from '../../ui/times';
import { Line } from '../../ui/untrusted';

const commands = Object.keys(graceCommands) as GraceCommandName[];

/** What is about to happen, soonest first, each with its countdown; it can be cancelled, or done now. */
export function Graces() {
  const graces = useWindow((state) => state.view?.graces);
  const sorted = Object.values(graces ?? {}).sort((a, b) => a.at - b.at || (a.id < b.id ? -1 : 1));
  return sorted.map((grace) => <Grace key={grace.id} grace={grace} />);
}

function Grace({ grace: { id, title, reason, at } }: { grace: GraceView }) {
  const [asked, setAsked] = useState<GraceCommandName | null>(null);
  // Said once: a countdown that is read out each second would drown everything else.
  const [said] = useState(() => graceWords({ title, reason, at }, Date.now()));
  const run = async (command: GraceCommandName) => {
    setAsked(command);
    await runGraceCommand(id, command);
    setAsked(null);
  };
  return (
    <section className="banner banner-grace" aria-label={cleanLine(title)}>
      <Icon name="moon" />
      <p className="grace-words">
        <strong>
          <Line text={title} />
        </strong>{' '}
        <InCountdown at={at} />
        <Line text={reason} className="grace-reason" />
      </p>
      <span className="unseen" role="alert">
        {said}
      </span>
      <div className="grace-buttons">
        {commands.map((command) => (
          <Button
            key={command}
            icon={graceCommands[command].icon}
            busy={asked === command}
            onClick={() => void run(command)}
          >
            {graceCommands[command].label}
          </Button>
        ))}
      </div>
    </section>
  );
}

/** What a screen reader hears when it begins: "nas goes to sleep in 5 min (Weekdays 23:30). It can be cancelled." */
const graceWords = ({ title, reason, at }: Omit<GraceView, 'id'>, now: number): string =>
  `${cleanLine(title)} in ${spanWords(at - now)} (${cleanLine(reason)}). It can be cancelled at the top of the window.`;
