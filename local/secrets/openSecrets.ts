import type { Log } from '../../shared/log.ts';
import type { LocalService } from '../localService.ts';
import { jsonService } from '../protocol/jsonService.ts';
import { operationsOf } from './secretOperations.ts';
import { SecretStore } from './secretStore.ts';

export interface LocalSecretsOptions {
  readonly folder: string;
  readonly now?: () => number;
  readonly log?: Log;
}

/** The embedded Secrets Manager. */
export function openSecrets(options: LocalSecretsOptions): LocalService {
  const store = new SecretStore(options.folder, options.now ?? Date.now);
  return jsonService({
    name: 'secretsmanager',
    target: 'secretsmanager',
    jsonVersion: '1.1',
    operations: operationsOf(store),
    log: options.log,
    close: () => {
      if (store.database.isOpen) store.database.close();
    },
  });
}
