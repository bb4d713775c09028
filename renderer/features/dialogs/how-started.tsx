import type { GuestView } from '../../../preload/contract/view';
import { useWindow } from '../../store';
import { hostName } from '../../text';
import { Line } from '../../ui/untrusted';

/** Where, as whom and by what a start command is run, to follow "Reveille runs it". */
export function HowStarted({ guest }: { guest: GuestView }) {
  const host = useWindow((state) => state.view?.hosts[guest.hostId]);
  if (host?.kind !== 'ssh') return <>as you, directly and not through a shell</>;
  return (
    <>
      on <Line text={hostName(host)} />, as the user it is signed in as there, each argument exactly as it stands here
    </>
  );
}
