import { useProfile } from '../../app/profile';
import { Facts } from '../../components/Facts';
import { Loaded } from '../../components/Loaded';
import { Page } from '../../components/Page';
import { formatDate } from '../../lib/format';
import { CurrentPlan } from './CurrentPlan';
import { PreferenceBars } from './PreferenceBars';
import { PreferencesEditor } from './PreferencesEditor';
import { SignOut } from './SignOut';
import './ProfilePage.css';

export default function ProfilePage() {
  const profile = useProfile();
  return (
    <Page title="Your profile" lead="What we know about you, and what we weigh for you.">
      <Loaded resource={profile} what="your profile">
        {(data) => (
          <div className="profile">
            <section aria-labelledby="about" className="panel">
              <h2 id="about">{data.name}</h2>
              <Facts
                facts={{
                  Email: data.email,
                  'ZIP code': data.zip_code,
                  'Member since': formatDate(data.member_since),
                }}
              />
              <SignOut />
            </section>
            <section aria-labelledby="current-plan" className="panel">
              <h2 id="current-plan">Current plan</h2>
              <CurrentPlan current={data.current_plan} />
            </section>
            <section aria-labelledby="preferences" className="panel panel--wide">
              <h2 id="preferences">What matters to you</h2>
              <p>Out of 100 points, this is how much each counts in your recommendations.</p>
              <PreferenceBars preferences={data.preferences} />
              <details className="disclosure">
                <summary>Change them</summary>
                <PreferencesEditor />
              </details>
            </section>
          </div>
        )}
      </Loaded>
    </Page>
  );
}
