export { isLoopback, loadSettings } from './loadSettings.js';
export type { LoadedSettings, LoadOptions, SettingSource } from './loadSettings.js';
export { settingNames, settingsTable } from './settings/index.js';
export type { Setting, SettingName, Settings } from './settings/index.js';
export { describeFlag, describeSettings, showValue } from './describeSettings.js';
