import type { ClientChannel } from 'ssh2';

/** What ssh2 1.17.0 keeps in a channel (lib/Channel.js), for messages that it offers no call for. */
interface ChannelInside {
  readonly outgoing: { readonly id: number; readonly state: string };
  readonly _client: { readonly _protocol: Protocol };
}

interface Protocol {
  signal(channel: number, name: string): void;
  channelWindowAdjust(channel: number, bytes: number): void;
}

/** Sends a signal, for which Channel.signal() does nothing once stdin was closed (RFC 4254, 6.9, has no such rule). */
export function signalChannel(channel: ClientChannel, name: string): void {
  const { outgoing, _client: client } = channel as unknown as ChannelInside;
  if (outgoing.state === 'open' || outgoing.state === 'eof') client._protocol.signal(outgoing.id, name);
}

/**
 * Answers whatever comes out of the channel with a message that says nothing (a window adjusted by 0 bytes; RFC 4254,
 * 5.2), which takes TCP's acknowledgement along. OpenSSH's server leaves Nagle's algorithm on until it runs a command
 * (packet.c, ssh_packet_set_interactive), which a jump host never does: it holds back every second small packet
 * for as long as the acknowledgement is delayed here, 40 ms on Linux and up to 200 ms elsewhere.
 */
export function acknowledgeAtOnce(channel: ClientChannel): void {
  const { outgoing, _client: client } = channel as unknown as ChannelInside;
  channel.on('data', () => {
    if (outgoing.state === 'open') client._protocol.channelWindowAdjust(outgoing.id, 0);
  });
}
