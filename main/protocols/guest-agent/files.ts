import type { AgentCalls } from './client';
import { AgentError } from './errors';

/** What one guest-file-read asks for: its base64 stays far below the client's bound on messages. */
const READ_BYTES = 64 * 1024;

/**
 * Reads the file at `path` in the guest, at most its first `maxBytes` bytes.
 * @throws AgentError; of kind command when there is no such file or the agent may not read it
 */
export async function readGuestFile(agent: AgentCalls, path: string, maxBytes: number): Promise<Buffer> {
  const handle = await agent.call('guest-file-open', { path, mode: 'r' });
  let content: Buffer;
  try {
    content = await readHandle(agent, handle, maxBytes);
  } catch (error) {
    await closeAfterFailure(agent, handle, error);
    throw error;
  }
  await agent.call('guest-file-close', { handle });
  return content;
}

async function readHandle(agent: AgentCalls, handle: number, maxBytes: number): Promise<Buffer> {
  const parts: Buffer[] = [];
  let length = 0;
  while (length < maxBytes) {
    const count = Math.min(READ_BYTES, maxBytes - length);
    const read = await agent.call('guest-file-read', { handle, count });
    const bytes = Buffer.from(read['buf-b64'], 'base64');
    if (bytes.length !== read.count || bytes.length > count) {
      throw new AgentError({
        kind: 'protocol',
        command: 'guest-file-read',
        detail: `asked for ${count} bytes, got ${bytes.length} and the claim of ${read.count}`,
      });
    }
    parts.push(bytes);
    length += bytes.length;
    if (read.eof || bytes.length === 0) break;
  }
  return Buffer.concat(parts);
}

/** Closes the handle where the agent still answers; the failure before it is the one to report. */
async function closeAfterFailure(agent: AgentCalls, handle: number, failure: unknown): Promise<void> {
  const answered =
    failure instanceof AgentError && (failure.kind === 'command' || failure.kind === 'protocol');
  if (!answered) return;
  try {
    await agent.call('guest-file-close', { handle });
  } catch (error) {
    if (!(error instanceof AgentError)) throw error;
  }
}
