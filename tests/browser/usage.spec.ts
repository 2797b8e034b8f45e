import { api, type Usage } from './support/api';
import { expect, test } from './support/test';

for (const months of [6, 12, 24]) {
  test(`${months} months are drawn, and told in a table`, async ({ page, request }) => {
    const usage = await api<Usage>(request, `/usage/history?months=${months}`);
    await page.goto(`/usage?months=${months}`);
    const bars = page.locator('.recharts-bar-rectangle path');
    await expect(bars).toHaveCount(usage.months.length);
    const heights = await bars.evaluateAll((paths) =>
      paths.map((path) => path.getBoundingClientRect().height),
    );
    // The bars are as high as the numbers say.
    const most = Math.max(...usage.months.map(({ kwh }) => kwh));
    const highest = Math.max(...heights);
    usage.months.forEach(({ kwh, month }, index) => {
      expect(heights[index], month).toBeGreaterThan((kwh / most) * highest - 2);
      expect(heights[index], month).toBeLessThan((kwh / most) * highest + 2);
    });
    await expect(page.locator('.recharts-area-curve')).toBeVisible();

    await page.getByText('The same as a table').click();
    await expect(page.getByRole('table').getByRole('row')).toHaveCount(usage.months.length + 1);
  });
}

test('a month is told when it is pointed at', async ({ page }) => {
  await page.goto('/usage');
  await page.locator('.recharts-bar-rectangle path').nth(3).hover();
  await expect(page.locator('.chart-tooltip').first()).toContainText(/kWh/);
});

test('the span is in the address', async ({ page }) => {
  await page.goto('/usage');
  await page.getByText('6 months').click();
  await expect(page).toHaveURL('/usage?months=6');
  await page.reload();
  await expect(page.getByRole('radio', { name: '6 months' })).toBeChecked();
  await page.goBack();
  await expect(page.getByRole('radio', { name: '12 months' })).toBeChecked();
});

test('home does not pay for the charts or the dialog', async ({ page }) => {
  const scripts: string[] = [];
  page.on('request', (request) => scripts.push(request.url()));
  await page.goto('/', { waitUntil: 'networkidle' });
  expect(scripts.filter((url) => /(chart|ui)-vendor/.test(url))).toEqual([]);
  await page.getByRole('link', { name: 'Usage', exact: true }).click();
  await expect(page.locator('.recharts-surface').first()).toBeVisible();
  expect(scripts.filter((url) => url.includes('chart-vendor'))).toHaveLength(1);
});
