import * as Dialog from '@radix-ui/react-dialog';
import type { Plan } from '../../api/types';
import { Icon } from '../../components/Icon';
import { Loaded } from '../../components/Loaded';
import type { Resource } from '../../hooks/useApi';
import { PlanDetails } from './PlanDetails';
import { planLinkId } from './planLink';
import { useCloseDialog } from './useCloseDialog';
import './PlanDialog.css';

interface PlanDialogProps {
  planId: string;
  plan: Resource<Plan>;
}

/**
 * One plan above the catalogue, modal: focus is kept inside, the rest is hidden from assistive
 * technology. Radix's own `Overlay` is left out on purpose: it locks scrolling by injecting a
 * `<style>` element, which our Content-Security-Policy forbids. PlanDialog.css does both jobs.
 */
export default function PlanDialog({ planId, plan }: PlanDialogProps) {
  const close = useCloseDialog();
  return (
    <Dialog.Root
      open
      onOpenChange={(open) => {
        if (!open) close();
      }}
    >
      <Dialog.Portal>
        <div className="dialog-backdrop" />
        <Dialog.Content
          className="dialog"
          aria-describedby={undefined}
          onOpenAutoFocus={(event) => {
            // The dialog itself, so that it is read from its title on, rather than "Close".
            event.preventDefault();
            if (event.currentTarget instanceof HTMLElement) event.currentTarget.focus();
          }}
          onCloseAutoFocus={(event) => {
            event.preventDefault();
            const opener =
              document.getElementById(planLinkId(planId)) ?? document.querySelector('main h1');
            if (opener instanceof HTMLElement) opener.focus();
          }}
        >
          {plan.status !== 'ready' && (
            <Dialog.Title className="visually-hidden">Plan details</Dialog.Title>
          )}
          <Loaded resource={plan} what="the plan" blocks={3}>
            {(data) => <PlanDetails plan={data} />}
          </Loaded>
          <Dialog.Close className="dialog__close" aria-label="Close">
            <Icon name="close" />
          </Dialog.Close>
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  );
}
