import { Duplex } from 'node:stream';

/** Two ends of a connection in memory, like a socket: what is written to one is read from the other. */
export function duplexPair(): { near: Duplex; far: Duplex } {
  const near: Duplex = end(() => far);
  const far: Duplex = end(() => near);
  return { near, far };
}

function end(peer: () => Duplex): Duplex {
  return new Duplex({
    allowHalfOpen: false,
    read() {},
    write(chunk: Buffer, _encoding, done) {
      if (peer().destroyed) return done(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }));
      peer().push(Buffer.from(chunk));
      done();
    },
    final(done) {
      if (!peer().destroyed) peer().push(null);
      done();
    },
    destroy(error, done) {
      if (!peer().destroyed && !peer().readableEnded) peer().push(null);
      done(error);
    },
  });
}
