import { useId } from 'react';
import type { GuestView } from '../../../preload/contract/view';
import type { AlarmCommandName } from '../../commands';
import { alarmCommands, whyNot, whyNotAlarm } from '../../commands';
import { runAlarmCommand } from '../../intents';
import { Button } from '../../ui/button';
import { Icon } from '../../ui/icon';
import { WakesText } from '../../ui/times';
import { Block } from '../../ui/untrusted';

const commands = Object.keys(alarmCommands) as AlarmCommandName[];

/** The alarm of a sleeping guest, who keeps it, and what can be done about it. */
export function AlarmCard({ guest }: { guest: GuestView }) {
  const { alarm } = guest;
  const id = useId();
  if (alarm === null) return null;
  const why = whyNot(alarm.change);
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
      <p className="hint">
        <Block text={alarm.keeper} />
      </p>
      <div className="button-row">
        {commands.map((command) => {
          const disabled = whyNotAlarm(alarm, command) !== undefined;
          return (
            <Button
              key={command}
              aria-disabled={disabled}
              aria-describedby={disabled ? id : undefined}
              onClick={() => void runAlarmCommand(guest.id, command)}
            >
              {alarmCommands[command].label}
            </Button>
          );
        })}
      </div>
      {why === undefined ? null : (
        <p className="hint" id={id}>
          <Block text={why} />
        </p>
      )}
      {alarm.change.available && alarm.change.warning !== undefined ? (
        <p className="hint">
          <Block text={alarm.change.warning} />
        </p>
      ) : null}
    </section>
  );
}
