import { expect, test } from './support/test';

// Chromium itself logs every response with an error status.
test.use({ tolerate: /Failed to load resource|dynamically imported module/ });

const unavailable = {
  status: 503,
  json: { error: { code: 'unavailable', message: 'Warming up.', request_id: 'req_test_1' } },
};

for (const [path, call] of [
  ['/plans', '**/api/v1/plans/catalog?*'],
  ['/recommendations', '**/api/v1/recommendations/*'],
  ['/usage', '**/api/v1/usage/history?*'],
  ['/profile', '**/api/v1/users/profile'],
] as const) {
  test(`${path} says what failed and recovers`, async ({ page }) => {
    await page.route(call, (route) => route.fulfill(unavailable));
    await page.goto(path);
    const alert = page.getByRole('alert');
    await expect(alert).toContainText('Warming up.');
    await expect(alert).toContainText('req_test_1');
    await page.unroute(call);
    await alert.getByRole('button', { name: 'Try again' }).click();
    await expect(alert).toBeHidden();
    await expect(page.locator('main [aria-busy="false"]').first()).toBeVisible();
  });
}

test('shows that it is loading', async ({ page }) => {
  await page.route('**/api/v1/plans/catalog?*', () => undefined);
  await page.goto('/plans');
  await expect(page.getByText('Loading plans…')).toBeAttached();
  await expect(page.getByText('Looking for plans…')).toBeVisible();
});

test('says when the network is gone', async ({ page }) => {
  await page.route('**/api/**', (route) => route.abort('internetdisconnected'));
  await page.goto('/profile');
  await expect(page.getByRole('alert')).toContainText('could not be reached');
});

test('says when a plan does not exist', async ({ page }) => {
  await page.goto('/plans/plan_that_is_not');
  const dialog = page.getByRole('dialog', { name: 'Plan details' });
  await expect(dialog.getByRole('alert')).toContainText('We could not load the plan');
  await expect(dialog.getByRole('alert')).toContainText('Request id');
});

test('offers a reload when a part of the code does not arrive', async ({ page }) => {
  await page.route('**/assets/chart-vendor*', (route) => route.abort());
  await page.goto('/usage');
  await expect(page.getByRole('alert')).toContainText('We could not load the charts');
  await page.unroute('**/assets/chart-vendor*');
  await page.getByRole('button', { name: 'Reload the page' }).click();
  await expect(page.locator('.recharts-surface').first()).toBeVisible();
});

test('shows its own page for an unknown address', async ({ page }) => {
  await page.goto('/nowhere/at/all');
  await expect(page.getByRole('heading', { name: 'Page not found' })).toBeVisible();
});
