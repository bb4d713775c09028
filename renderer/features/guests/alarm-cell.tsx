import type { GuestView } from '../../../preload/contract/view';
import { cleanLine } from '../../text';
import { WakesText } from '../../ui/times';
import { Line } from '../../ui/untrusted';
import { holderWords } from '../../words';
import { MenuButton } from './menu-button';

interface AlarmCellProps {
  id: string;
  guest: GuestView;
  tabIndex: number;
}

/** When the guest wakes and what can be done about it; without an alarm, what there is to say about its state. */
export function AlarmCell({ id, guest, tabIndex }: AlarmCellProps) {
  const { alarm, state } = guest;
  if (alarm === null) {
    return (
      <div role="gridcell" className="cell-alarm" id={id}>
        {state.detail === undefined ? null : (
          <span className="state-detail">
            <Line text={state.detail} />
          </span>
        )}
      </div>
    );
  }
  return (
    <div role="gridcell" className="cell-alarm" data-alarm={alarm.phase}>
      <span className="alarm-words" id={id}>
        <WakesText alarm={alarm} />
        <span className="alarm-reason">
          {alarm.reason === undefined ? (
            <span className="alarm-keeper" title={cleanLine(alarm.keeper)}>
              {holderWords[alarm.holder]}
            </span>
          ) : (
            <Line text={alarm.reason} />
          )}
        </span>
      </span>
      <MenuButton subject={{ kind: 'alarm', guestId: guest.id }} tabIndex={tabIndex} />
    </div>
  );
}
