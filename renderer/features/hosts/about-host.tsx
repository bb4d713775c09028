import type { HostView } from '../../../preload/contract/view';
import { hostName } from '../../text';
import { Line } from '../../ui/untrusted';

/** A dialog's second line: which host it is about, and how it is reached where its name does not say that. */
export function AboutHost({ host }: { host: HostView }) {
  const name = hostName(host);
  return (
    <>
      <Line text={name} className="about-guest" />
      {host.address === null || host.address === name ? null : <Line text={host.address} className="about-more" />}
    </>
  );
}
