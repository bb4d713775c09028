import { Duplex } from 'node:stream';
import type { ClientChannel } from 'ssh2';
import type { Link } from './link';

/**
 * A channel as a stream that behaves as a socket does: destroy() ends it at once, `close` always follows, and when
 * the connection breaks it fails with the SshError that says why. ssh2's own channels do none of this.
 */
export function channelStream(channel: ClientChannel, link: Link): Duplex {
  const stream = new Duplex({
    allowHalfOpen: false,
    read: () => void channel.resume(),
    write: (chunk: Buffer, _encoding, done) => void channel.write(chunk, done),
    // An end that the peer was ahead of is no error.
    final: (done) => void channel.end(() => done()),
    destroy(error, done) {
      forget();
      channel.removeListener('data', onData).resume();
      channel.destroy();
      done(error);
    },
  });
  const onData = (chunk: Buffer) => {
    if (!stream.push(chunk)) channel.pause();
  };
  // As with a socket, an error before anybody listens is kept in `errored`.
  stream.on('error', () => {});
  channel.on('data', onData).pause();
  channel.on('end', () => stream.push(null));
  channel.on('error', (error: Error) => stream.destroy(error));
  channel.on('close', () => {
    if (stream.readableEnded) stream.destroy();
    else stream.once('end', () => stream.destroy());
  });
  const forget = link.onOver((why) => stream.destroy(why));
  return stream;
}
