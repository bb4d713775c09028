import { describe, expect, it } from 'vitest';
import { createSecrets } from '../../../../main/hosts/ssh/secrets';
import { memorySecretStore, noKeyring } from '../../../fakes/secret-store';

describe('a secret', () => {
  it('is kept for this run only, unless the user says otherwise', async () => {
    const store = memorySecretStore();
    const secrets = createSecrets(store);
    await secrets.learn('password:me@nas:22', 'hunter2', false);
    expect(await secrets.recall('password:me@nas:22')).toBe('hunter2');
    expect(store.kept.size).toBe(0);
    expect(await createSecrets(store).recall('password:me@nas:22')).toBeNull();
  });

  it('that is kept is there in the next run', async () => {
    const store = memorySecretStore();
    await createSecrets(store).learn('password:me@nas:22', 'hunter2', true);
    const next = createSecrets(store);
    expect(await next.recall('password:me@nas:22')).toBe('hunter2');
    expect(await next.recall('password:me@attic:22')).toBeNull();
  });

  it('that is told anew takes the place of a kept one', async () => {
    const store = memorySecretStore();
    const secrets = createSecrets(store);
    await secrets.learn('p', 'old', true);
    await secrets.learn('p', 'new', false);
    expect(await secrets.recall('p')).toBe('new');
  });

  it('that is forgotten is gone from this run and from the keyring', async () => {
    const store = memorySecretStore();
    const secrets = createSecrets(store);
    await secrets.learn('p', 'wrong', true);
    await secrets.forget('p');
    expect(await secrets.recall('p')).toBeNull();
    expect(store.kept.size).toBe(0);
    await secrets.forget('p');
  });

  it('is not written without a keyring, whatever the user says', async () => {
    const secrets = createSecrets(noKeyring);
    expect(secrets.canKeep).toBe(false);
    await secrets.learn('p', 'hunter2', true);
    expect(await secrets.recall('p')).toBe('hunter2');
  });
});
