import { useWindow } from '../../store';
import { Icon } from '../../ui/icon';
import { Line } from '../../ui/untrusted';

/** What came of a command that shows nowhere else: seen for a moment, and read out. */
export function Told() {
  const told = useWindow((state) => state.told);
  return (
    <div className="told" role="status">
      {told === null ? null : (
        <p key={told.ticket} className="told-text">
          <Icon name="check" />
          <Line text={told.text} />
        </p>
      )}
    </div>
  );
}
