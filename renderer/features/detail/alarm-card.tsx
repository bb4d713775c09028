import type { GuestView } from '../../../preload/contract/view';
import type { AlarmCommandName } from '../../commands';
import { alarmCommands } from '../../commands';
import { runAlarmCommand } from '../../intents';
import { Button } from '../../ui/button';
import { Icon } from '../../ui/icon';
import { WakesText } from '../../ui/times';
import { Block } from '../../ui/untrusted';
import { holderWords } from '../../words';

const commands = Object.keys(alarmCommands) as AlarmCommandName[];

/** The alarm of a sleeping guest, and what can be done about it. */
export function AlarmCard({ guest }: { guest: GuestView }) {
  const { alarm } = guest;
  if (alarm === null) return null;
  return (
    <section className="alarm-card" aria-label="Alarm">
      <p className="alarm-line">
        <Icon name="bell" />
        <WakesText alarm={alarm} />
      </p>
      {alarm.reason === undefined ? null : (
        <p>
          <Block text={alarm.reason} />
        </p>
      )}
      <p className="hint">{holderWords[alarm.holder]}</p>
      <div className="button-row">
        {commands.map((command) => (
          <Button key={command} onClick={() => void runAlarmCommand(guest.id, command)}>
            {alarmCommands[command].label}
          </Button>
        ))}
      </div>
    </section>
  );
}
