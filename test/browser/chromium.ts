import { existsSync } from 'node:fs';
import { type Browser, type Page, chromium } from 'playwright-core';
import { onTestFinished } from 'vitest';

const executablePath = process.env['CHROMIUM'] ?? '/usr/bin/chromium';

export async function openPage(): Promise<Page> {
  if (!existsSync(executablePath)) {
    throw new Error(`${executablePath}: no browser; apt-get install chromium, or set CHROMIUM`);
  }
  // The pages are ours, and whoever runs this may be root, whom Chromium keeps out of its sandbox.
  const browser: Browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
  onTestFinished(() => browser.close());
  return browser.newPage();
}
