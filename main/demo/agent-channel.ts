import type { AgentTarget } from './agent-commands';
import type { Behaviour } from './behaviour';
import { answer, readRequest, refuseArguments, replyBody, runCommand, type Reply } from './commands';
import { serveOneClient, type Client, type LocalAddress, type OneClientServer } from './one-client-server';
import { jsonSplitter, type JsonValue, type Piece } from './qemu-json';

export interface AgentChannelOptions {
  address: LocalAddress;
  target: AgentTarget;
  behaviour: Behaviour;
}

export interface AgentChannel {
  /** Whether a client is connected. */
  connected(): boolean;
  /** The agent may run now: lets it read what has been written meanwhile. */
  flush(): void;
  close: OneClientServer['close'];
}

/** What a sleeping guest's channel takes before its client's writes block, in bytes. */
const QUEUE_BYTES = 64 * 1024;

/** The agent behind a virtio serial port on a socket (qga/main.c). It does not notice clients come and go. */
export async function openAgentChannel({
  address,
  target,
  behaviour,
}: AgentChannelOptions): Promise<AgentChannel> {
  const split = jsonSplitter();
  let client: Client | null = null;
  let queue: Piece[] = [];
  let queuedBytes = 0;

  const info = (): JsonValue => ({
    version: target.settings.agentVersion,
    supported_commands: ['guest-info', ...Object.keys(behaviour.agent)].map((name) => ({
      name,
      enabled: behaviour.agent[name]?.enabled ?? true,
      'success-response': behaviour.agent[name]?.successResponse ?? true,
    })),
  });

  const carryOut = (piece: Piece) => {
    const request = readRequest(piece, false);
    const command = request.kind === 'command' ? request.name : null;
    let reply: Reply;
    if (request.kind === 'bad') reply = request.reply;
    else if (request.name === 'guest-info') reply = refuseArguments([], request.args) ?? answer(info());
    else reply = runCommand(behaviour.agent, request.name, target, request.args);
    const body = replyBody(reply, request.id);
    // What the agent answers while nobody is connected is lost.
    if (!body || !client) return;
    const delimited = command === 'guest-sync-delimited' && reply.kind === 'value';
    behaviour.send({ channel: 'agent', kind: 'reply', command, delimited, body }, client);
  };

  const flush = () => {
    while (target.guest.agentRuns()) {
      const piece = queue.shift();
      if (!piece) {
        queuedBytes = 0;
        client?.resume();
        return;
      }
      carryOut(piece);
    }
  };

  const server = await serveOneClient(address, {
    onClient(arrived) {
      client = arrived;
    },
    onData(_, bytes) {
      queue.push(...split(bytes));
      queuedBytes += bytes.length;
      flush();
      if (queuedBytes > QUEUE_BYTES) client?.pause();
    },
    onLeave() {
      client = null;
      // The port never got them (chardev/char-socket.c tcp_chr_hup).
      queue = [];
      queuedBytes = 0;
    },
  });

  return { connected: () => client !== null, flush, close: server.close };
}
