import { screen, waitFor, within } from '@testing-library/react';
import { describe, expect, it } from 'vitest';
import { apiError, fakeApi } from '../../../test/fakeApi';
import { catalog, plan, profile, summary } from '../../../test/fixtures';
import { renderApp } from '../../../test/renderApp';

const answers = {
  '/api/v1/users/profile': { body: profile },
  '/api/v1/plans/catalog': { body: catalog([summary], 30) },
  '/api/v1/plans/plan_0042': { body: plan },
};

describe('the catalogue', () => {
  it('asks for what the address bar says, and says how much it found', async () => {
    const asked = fakeApi(answers);
    renderApp('/plans?zip_code=75201&plan_type=ev&min_renewable=50&page=2&junk=1');
    expect(await screen.findByText('30 plans, page 1 of 3')).toHaveRole('status');
    expect(asked).toContain(
      '/api/v1/plans/catalog?zip_code=75201&plan_type=ev&min_renewable=50&page=2&page_size=12',
    );
    expect(screen.getByRole('textbox', { name: 'ZIP code' })).toHaveValue('75201');
    expect(screen.getByRole('radio', { name: 'Electric car' })).toBeChecked();
    expect(screen.getByRole('slider', { name: 'Renewable' })).toHaveValue('50');
  });

  it('writes filters to the address bar', async () => {
    fakeApi(answers);
    const { user, address } = renderApp('/plans?page=3');
    await user.type(screen.getByRole('textbox', { name: 'ZIP code' }), '75201');
    await waitFor(() => {
      expect(address()).toBe('/plans?zip_code=75201');
    });
    await user.selectOptions(screen.getByRole('combobox', { name: 'Rate' }), 'Tiered rate');
    expect(address()).toBe('/plans?rate_type=tiered&zip_code=75201');
    await user.click(screen.getByRole('button', { name: 'Clear filters' }));
    expect(address()).toBe('/plans');
    expect(screen.getByRole('textbox', { name: 'ZIP code' })).toHaveValue('');
  });

  it('complains of half a ZIP code once the field is left', async () => {
    fakeApi(answers);
    const { user } = renderApp('/plans');
    const zip = screen.getByRole('textbox', { name: 'ZIP code' });
    await user.type(zip, '752');
    expect(zip).toBeValid();
    await user.tab();
    expect(zip).toBeInvalid();
    expect(zip).toHaveAccessibleDescription('A ZIP code has five digits.');
  });

  it('offers a way out when nothing matches', async () => {
    fakeApi({ ...answers, '/api/v1/plans/catalog': { body: catalog([]) } });
    const { user, address } = renderApp('/plans?zip_code=99999');
    const results = screen.getByRole('region', { name: 'Plans' });
    await user.click(await within(results).findByRole('button', { name: 'Clear filters' }));
    expect(address()).toBe('/plans');
    expect(results).toHaveFocus();
  });

  it('shows an error with its request id', async () => {
    fakeApi({ ...answers, '/api/v1/plans/catalog': apiError(503, 'The database is resting.') });
    renderApp('/plans');
    expect(await screen.findByRole('alert')).toHaveTextContent('The database is resting.');
    expect(screen.getByRole('alert')).toHaveTextContent('req_7');
  });
});

describe('the plan dialog', () => {
  it('opens from the catalogue and gives the focus back when closed by keyboard', async () => {
    fakeApi(answers);
    const { user, address } = renderApp('/plans?min_renewable=50');
    const link = await screen.findByRole('link', { name: 'Evergreen 12' });
    await user.click(link);
    expect(address()).toBe('/plans/plan_0042?min_renewable=50');
    const dialog = await screen.findByRole('dialog', { name: 'Evergreen 12' });
    expect(dialog).toContainElement(document.activeElement as HTMLElement);
    expect(document.title).toBe('Evergreen 12 · TreeBeard');
    expect(screen.queryByRole('main')).not.toBeInTheDocument();
    await user.keyboard('{Escape}');
    expect(address()).toBe('/plans?min_renewable=50');
    expect(document.title).toBe('Electricity plans · TreeBeard');
    await waitFor(() => {
      expect(screen.getByRole('link', { name: 'Evergreen 12' })).toHaveFocus();
    });
  });

  it('keeps the focus inside', async () => {
    fakeApi(answers);
    const { user } = renderApp('/plans/plan_0042');
    const dialog = await screen.findByRole('dialog', { name: 'Evergreen 12' });
    for (let press = 0; press < 4; press += 1) {
      await user.tab();
      expect(dialog).toContainElement(document.activeElement as HTMLElement);
    }
  });

  it('has an address of its own, and closes to the catalogue', async () => {
    fakeApi(answers);
    const { user, address } = renderApp('/plans/plan_0042');
    const dialog = await screen.findByRole('dialog', { name: 'Evergreen 12' });
    expect(within(dialog).getByText('$128.45')).toBeInTheDocument();
    expect(within(dialog).getByRole('row', { name: 'First 500 kWh 11.0¢' })).toBeInTheDocument();
    await user.click(within(dialog).getByRole('button', { name: 'Close' }));
    expect(address()).toBe('/plans');
  });

  it('says when there is no such plan', async () => {
    fakeApi({ ...answers, '/api/v1/plans/plan_9': apiError(404, 'plan not found') });
    renderApp('/plans/plan_9');
    const dialog = await screen.findByRole('dialog', { name: 'Plan details' });
    expect(await within(dialog).findByRole('alert')).toHaveTextContent('plan not found');
  });
});
