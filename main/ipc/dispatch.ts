import { commands, type CommandName, type CommandResult, type Refusal } from '../../preload/contract/commands';
import type { Handlers } from '../commands/handlers';
import { RefusedError } from '../power/actions';

export type Dispatch = (name: unknown, args: unknown) => Promise<CommandResult<CommandName> | { ok: false; refusal: Refusal }>;

const refused = (code: string, message: string, remedy?: string) => ({
  ok: false as const,
  refusal: { code, message, ...(remedy ? { remedy } : {}) },
});

/**
 * Checks a call's arguments against the contract and makes a result of whatever its handler does. Never rejects.
 * `onFault` hears of errors that no handler foresaw.
 */
export function createDispatch(handlers: Handlers, onFault: (error: unknown) => void): Dispatch {
  return async (name, args) => {
    if (typeof name !== 'string' || !Object.hasOwn(commands, name)) return refused('bad-call', 'There is no such command.');
    const command = name as CommandName;
    const checked = commands[command].args.safeParse(args);
    if (!checked.success) {
      const [issue] = checked.error.issues;
      return refused('bad-call', `${command}: ${issue?.path.join('.') ?? ''} ${issue?.message ?? 'is not valid'}`);
    }
    const handler = handlers[command] as (args: unknown) => Promise<unknown>;
    try {
      return { ok: true, value: await handler(checked.data) } as CommandResult<CommandName>;
    } catch (error) {
      if (error instanceof RefusedError) return { ok: false, refusal: error.refusal };
      onFault(error);
      const message = error instanceof Error ? error.message : String(error);
      return refused('fault', `Reveille met a fault of its own: ${message}`, 'Try again. If it stays, restart Reveille and report it.');
    }
  };
}
