import { flag, oneOf } from '../valueTypes.js';
import { authSettings } from './auth.js';
import { compactionSettings, retentionSettings, sqlSettings } from './columnar.js';
import { serverSettings } from './server.js';
import { setting, type Setting } from './setting.js';
import { backupSettings, snapshotSettings, storageSettings } from './storage.js';

/** The one table of settings. Its order is the order of `--help` and of the reference. */
export const settingsTable = {
  ...serverSettings,
  ...storageSettings,
  ...snapshotSettings,
  ...backupSettings,
  ...sqlSettings,
  ...compactionSettings,
  ...retentionSettings,
  ...authSettings,
  allowPrivateWebhooks: setting({
    key: 'webhooks.allow_private_addresses',
    env: ['ALLSOURCE_WEBHOOKS_ALLOW_PRIVATE_ADDRESSES'],
    flag: '--allow-private-webhooks',
    placeholder: 'boolean',
    type: flag(),
    default: false,
    doc: 'Let webhooks go to loopback, link-local and private addresses.',
  }),
  allowPrivateLookups: setting({
    key: 'pipelines.allow_private_addresses',
    env: ['ALLSOURCE_PIPELINES_ALLOW_PRIVATE_ADDRESSES'],
    flag: '--allow-private-lookups',
    placeholder: 'boolean',
    type: flag(),
    default: false,
    doc: 'Let `enrich` of pipelines ask loopback, link-local and private addresses.',
  }),
  logLevel: setting({
    key: 'logging.level',
    env: ['ALLSOURCE_LOG_LEVEL'],
    flag: '--log-level',
    placeholder: 'level',
    type: oneOf(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']),
    default: 'info',
    doc: 'Lowest level that is logged; logs are JSON lines on standard output.',
  }),
};

export type SettingName = keyof typeof settingsTable;

export type Settings = {
  readonly [Name in SettingName]: (typeof settingsTable)[Name] extends Setting<infer T> ? T : never;
};

/** The names in table order. `Object.keys` knows only that they are text. */
export const settingNames = Object.keys(settingsTable) as readonly SettingName[];

export type { Setting } from './setting.js';
