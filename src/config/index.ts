export { loadSettings } from './loadSettings.js';
export type { LoadedSettings, LoadOptions, SettingSource } from './loadSettings.js';
export { settingNames, settingsTable } from './settings.js';
export type { Setting, SettingName, Settings } from './settings.js';
export { describeFlag, describeSettings, showValue } from './describeSettings.js';
