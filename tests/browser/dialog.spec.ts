import { anyPlan } from './support/api';
import { expect, test } from './support/test';

test('opens and closes by keyboard, and gives the focus back', async ({ page }) => {
  await page.goto('/plans?min_renewable=10');
  const link = page.getByRole('article').first().getByRole('link');
  const name = (await link.textContent()) ?? '';
  await link.focus();
  await page.keyboard.press('Enter');
  const dialog = page.getByRole('dialog', { name });
  await expect(dialog).toBeVisible();
  await expect(page).toHaveURL(/\/plans\/[\w-]+\?min_renewable=10$/);
  await expect(page).toHaveTitle(`${name} · TreeBeard`);
  for (let press = 0; press < 5; press += 1) {
    await page.keyboard.press('Tab');
    await expect(dialog.locator(':focus')).toHaveCount(1);
  }
  await page.keyboard.press('Escape');
  await expect(dialog).toBeHidden();
  await expect(page).toHaveURL('/plans?min_renewable=10');
  await expect(link).toBeFocused();
});

test('closes by its button and by a click beside it', async ({ page, request }) => {
  const { plan_id, plan_name } = await anyPlan(request);
  const dialog = page.getByRole('dialog', { name: plan_name });
  await page.goto(`/plans/${plan_id}`);
  await dialog.getByRole('button', { name: 'Close' }).click();
  await expect(page).toHaveURL('/plans');
  await page.goto(`/plans/${plan_id}`);
  await expect(dialog).toBeVisible();
  await page.mouse.click(5, 300);
  await expect(page).toHaveURL('/plans');
});

test('is modal: the page behind neither scrolls nor is read out', async ({ page, request }) => {
  const { plan_id, plan_name } = await anyPlan(request);
  await page.goto(`/plans/${plan_id}`);
  await expect(page.getByRole('dialog', { name: plan_name })).toBeVisible();
  await expect(page.getByRole('main')).toHaveCount(0);
  await page.mouse.move(5, 300);
  await page.mouse.wheel(0, 600);
  await page.waitForTimeout(200);
  expect(await page.evaluate(() => window.scrollY)).toBe(0);
});

test('has an address: deep link, reload, back', async ({ page, request }) => {
  const { plan_id, plan_name } = await anyPlan(request);
  const dialog = page.getByRole('dialog', { name: plan_name });
  await page.goto('/');
  await page.goto(`/plans/${plan_id}`);
  await expect(dialog).toContainText('a month at 1,000 kWh');
  await page.reload();
  await expect(dialog).toBeVisible();
  await page.goBack();
  await expect(page).toHaveURL('/');
  await expect(dialog).toBeHidden();
  await page.goForward();
  await expect(dialog).toBeVisible();
});

test('back closes it when it was opened from the catalogue', async ({ page }) => {
  await page.goto('/plans');
  await page.getByRole('article').first().getByRole('link').click();
  await expect(page.getByRole('dialog')).toBeVisible();
  await page.goBack();
  await expect(page.getByRole('dialog')).toBeHidden();
  await expect(page).toHaveURL('/plans');
});
