import type { Duplex } from 'node:stream';
import { encodeMessage, MESSAGE_STATUS, MESSAGE_TYPE } from './messages';
import { PROCEDURES, PROGRAM_VERSION } from './procedures';

/**
 * remote_protocol.x REMOTE_PROC_CONNECT_CLOSE with a serial that no call has; its reply is not waited for.
 */
const CLOSE = encodeMessage(
  {
    prog: PROCEDURES.connect_close.program,
    vers: PROGRAM_VERSION,
    proc: PROCEDURES.connect_close.number,
    type: MESSAGE_TYPE.call,
    serial: 0,
    status: MESSAGE_STATUS.ok,
  },
  Buffer.alloc(0),
);

/** Takes leave, so that libvirtd logs no error, and ends the stream; at once where the peer does not read. */
export function goodbye(stream: Duplex): void {
  if (stream.writable && stream.writableLength === 0) stream.end(CLOSE, () => stream.destroy());
  else stream.destroy();
}
