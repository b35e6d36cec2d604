"""Formats of secrets as their providers document them, and a sampler of such expressions.

A line of FORMATS is: provider, how the setting is usually called, expression. The expressions were written
down beside agent/detect/rules, not out of it, so that the rules are measured and not repeated.
"""
import base64
import json
import random
import re
import string
import zlib

ALNUM = string.ascii_letters + string.digits
CLASSES = {"d": string.digits, "w": ALNUM + "_"}


def characters(body):
    """The characters of a bracket expression."""
    out, i = [], 0
    while i < len(body):
        if body[i] == "\\":
            out += CLASSES[body[i + 1]]
            i += 2
        elif i + 2 < len(body) and body[i + 1] == "-":
            out += [chr(c) for c in range(ord(body[i]), ord(body[i + 2]) + 1)]
            i += 3
        else:
            out.append(body[i])
            i += 1
    return sorted(set(out))


PIECE = re.compile(r"\[([^]]+)\]|\(([^)]+)\)|\\(.)|(.)")
COUNT = re.compile(r"\{(\d+)(?:,(\d+))?\}")


def sample(chooser, expression):
    """A text that fits a small expression: literals, [classes], (choices), {counts}."""
    out, at = [], 0
    while at < len(expression):
        piece = PIECE.match(expression, at)
        at = piece.end()
        count = COUNT.match(expression, at)
        times = 1
        if count:
            at = count.end()
            times = chooser.randint(int(count[1]), int(count[2] or count[1]))
        for _ in range(times):
            if piece[1]:
                out.append(chooser.choice(characters(piece[1])))
            elif piece[2]:
                out.append(sample(chooser, chooser.choice(piece[2].split("|"))))
            elif piece[3]:
                out.append(chooser.choice(CLASSES[piece[3]]) if piece[3] in CLASSES else piece[3])
            else:
                out.append(piece[4])
    return "".join(out)


HEX = "[0-9a-f]"
UUID = f"{HEX}{{8}}-{HEX}{{4}}-4{HEX}{{3}}-[89ab]{HEX}{{3}}-{HEX}{{12}}"
A = "[A-Za-z0-9]"
B = "[A-Za-z0-9+/]"
U = "[A-Za-z0-9_-]"

# What tells such a token is in the token itself: it is looked for without any name beside it.
MARKED = f"""
openai OPENAI_API_KEY sk-proj-{U}{{73}}[A-Za-z0-9]T3BlbkFJ{U}{{73}}[A-Za-z0-9]
openai OPENAI_API_KEY sk-{A}{{20}}T3BlbkFJ{A}{{20}}
openai OPENAI_ADMIN_KEY sk-admin-{U}{{57}}[A-Za-z0-9]T3BlbkFJ{U}{{57}}[A-Za-z0-9]
openai OPENAI_API_KEY sk-svcacct-{U}{{73}}[A-Za-z0-9]T3BlbkFJ{U}{{73}}[A-Za-z0-9]
anthropic ANTHROPIC_API_KEY sk-ant-api03-{U}{{93}}AA
anthropic ANTHROPIC_ADMIN_KEY sk-ant-admin01-{U}{{93}}AA
anthropic CLAUDE_CODE_OAUTH_TOKEN sk-ant-oat01-{U}{{86}}-{A}{{6}}AA
google GEMINI_API_KEY AIzaSy{U}{{33}}
google GOOGLE_API_KEY AQ.Ab8RN6{U}{{44}}
huggingface HF_TOKEN hf_[A-Za-z]{{34}}
groq GROQ_API_KEY gsk_{A}{{52}}
xai XAI_API_KEY xai-{A}{{80}}
perplexity PPLX_API_KEY pplx-{A}{{48}}
together TOGETHER_API_KEY tgp_v1_{U}{{43}}
fireworks FIREWORKS_API_KEY fw_{A}{{22}}
cerebras CEREBRAS_API_KEY csk-[a-z0-9]{{48}}
nvidia NVIDIA_API_KEY nvapi-{U}{{64}}
pinecone PINECONE_API_KEY pcsk_{A}{{5}}_{A}{{63}}
langsmith LANGSMITH_API_KEY lsv2_(pt|sk)_{HEX}{{32}}_{HEX}{{10}}
replicate REPLICATE_API_TOKEN r8_{A}{{37}}
deepseek DEEPSEEK_API_KEY sk-{HEX}{{32}}
moonshot MOONSHOT_API_KEY sk-{A}{{48}}
openrouter OPENROUTER_API_KEY sk-or-v1-{HEX}{{64}}
langfuse LANGFUSE_SECRET_KEY sk-lf-{UUID}
runpod RUNPOD_API_KEY rpa_[A-Z0-9]{{40,46}}
friendli FRIENDLI_TOKEN flp_{A}{{46}}
tavily TAVILY_API_KEY tvly-dev-{A}{{32}}
firecrawl FIRECRAWL_API_KEY fc-{HEX}{{32}}
jina JINA_API_KEY jina_{HEX}{{32}}{U}{{28}}
voyage VOYAGE_API_KEY pa-{U}{{43}}
llamaindex LLAMA_CLOUD_API_KEY llx-{A}{{48}}
e2b E2B_API_KEY e2b_{HEX}{{40}}
browserbase BROWSERBASE_API_KEY bb_live_{U}{{27}}
mem0 MEM0_API_KEY m0-{A}{{40}}
cartesia CARTESIA_API_KEY sk_car_{A}{{21,22}}
elevenlabs ELEVENLABS_API_KEY sk_{HEX}{{48}}
runway RUNWAYML_API_SECRET key_{HEX}{{128}}
vercel AI_GATEWAY_API_KEY vck_{A}{{56}}
brave BRAVE_API_KEY BSA{U}{{28}}
aws AWS_ACCESS_KEY_ID AKIA[A-Z2-7]{{16}}
aws AWS_ACCESS_KEY_ID ASIA[A-Z2-7]{{16}}
aws AWS_SESSION_TOKEN IQoJb3JpZ2luX2VjE{B}{{340,400}}=
aws AWS_BEARER_TOKEN_BEDROCK ABSKQmVkcm9ja0FQSUtleS{B}{{108}}=
google GOOGLE_CLIENT_SECRET GOCSPX-{U}{{28}}
google GOOGLE_ACCESS_TOKEN ya29.{U}{{160}}
google HMAC_ACCESS_ID GOOG1E[A-Z2-7]{{55}}
google REFRESH_TOKEN 1//0{U}{{60}}
azure AZURE_CLIENT_SECRET {A}{{3}}8Q~{U}{{34}}
azure AZURE_DEVOPS_PAT {A}{{76}}AZDO{A}{{4}}
azure AZURE_OPENAI_KEY {A}{{52}}JQQJ99{A}{{26}}
alibaba ALIBABA_CLOUD_ACCESS_KEY_ID LTAI5t{A}{{18}}
tencent TENCENTCLOUD_SECRET_ID AKID{A}{{32}}
digitalocean DIGITALOCEAN_TOKEN dop_v1_{HEX}{{64}}
heroku HEROKU_API_KEY HRKU-AA{U}{{58}}
fly FLY_API_TOKEN fm2_{B}{{140,200}}=
fly FLY_API_TOKEN fo1_{U}{{43}}
render RENDER_API_KEY rnd_{A}{{32}}
netlify NETLIFY_AUTH_TOKEN nfp_{A}{{36}}
vault VAULT_TOKEN hvs.CAESI{U}{{90}}
vault VAULT_TOKEN hvs.{A}{{24}}
terraform TFE_TOKEN {A}{{14}}.atlasv1.{U}{{67}}
pulumi PULUMI_ACCESS_TOKEN pul-{HEX}{{40}}
doppler DOPPLER_TOKEN dp.pt.{A}{{43}}
tailscale TS_AUTHKEY tskey-auth-{A}{{17}}-{A}{{32}}
1password OP_SERVICE_ACCOUNT_TOKEN ops_eyJ{A}{{400}}
infisical INFISICAL_TOKEN st.{HEX}{{24}}.{HEX}{{32}}.{HEX}{{32}}
planetscale PLANETSCALE_TOKEN pscale_tkn_{U}{{43}}
supabase SUPABASE_ACCESS_TOKEN sbp_{HEX}{{40}}
supabase SUPABASE_SECRET_KEY sb_secret_{U}{{22}}_{A}{{8}}
neon NEON_API_KEY napi_[a-z0-9]{{64}}
aiven AIVEN_PASSWORD AVNS_{U}{{19}}
github GITHUB_TOKEN github_pat_11{A}{{20}}_{A}{{59}}
gitlab GITLAB_TOKEN glpat-{U}{{20}}
gitlab GITLAB_TOKEN glpat-{U}{{27}}.01.{HEX}{{9}}
gitlab CI_JOB_TOKEN glcbt-64_{U}{{20}}
bitbucket BITBUCKET_APP_PASSWORD ATBB{A}{{32}}
atlassian JIRA_API_TOKEN ATATT3xFfGF0{U}{{170}}={HEX}{{8}}
pypi TWINE_PASSWORD pypi-AgEIcHlwaS5vcmc{U}{{150}}
rubygems GEM_HOST_API_KEY rubygems_{HEX}{{48}}
crates CARGO_REGISTRY_TOKEN cio{A}{{32}}
nuget NUGET_API_KEY oy2[a-z2-7]{{43}}
docker DOCKER_TOKEN dckr_pat_{U}{{27}}
artifactory ARTIFACTORY_API_KEY AKCp{A}{{69}}
circleci CIRCLE_TOKEN CCIPAT_{A}{{22}}_{HEX}{{40}}
buildkite BUILDKITE_TOKEN bkua_{HEX}{{40}}
sonarqube SONAR_TOKEN squ_{HEX}{{40}}
sourcegraph SRC_ACCESS_TOKEN sgp_{HEX}{{16}}_{HEX}{{40}}
octopus OCTOPUS_API_KEY API-[A-Z0-9]{{26}}
postman POSTMAN_API_KEY PMAK-{HEX}{{24}}-{HEX}{{34}}
slack SLACK_BOT_TOKEN xoxb-\\d{{12}}-\\d{{13}}-{A}{{24}}
slack SLACK_USER_TOKEN xoxp-\\d{{12}}-\\d{{12}}-\\d{{13}}-{HEX}{{32}}
slack SLACK_APP_TOKEN xapp-1-A0[A-Z0-9]{{9}}-\\d{{13}}-{HEX}{{64}}
slack SLACK_WEBHOOK https://hooks.slack.com/services/T0[A-Z0-9]{{8}}/B0[A-Z0-9]{{9}}/{A}{{24}}
discord DISCORD_TOKEN (MTA|MTE|OTk|NzI){A}{{23}}.G{A}{{5}}.{U}{{38}}
discord WEBHOOK_URL https://discord.com/api/webhooks/\\d{{19}}/{U}{{68}}
telegram TELEGRAM_TOKEN [5-7]\\d{{9}}:AA{U}{{33}}
twilio TWILIO_API_KEY SK{HEX}{{32}}
sendgrid SENDGRID_API_KEY SG.{U}{{22}}.{U}{{43}}
mailgun MAILGUN_API_KEY key-{HEX}{{32}}
mailchimp MAILCHIMP_API_KEY {HEX}{{32}}-us1\\d
brevo BREVO_API_KEY xkeysib-{HEX}{{64}}-{A}{{16}}
resend RESEND_API_KEY re_{A}{{8}}_{A}{{24}}
mandrill MANDRILL_API_KEY md-{A}{{22}}
stripe STRIPE_SECRET_KEY sk_live_51{A}{{97}}
stripe STRIPE_RESTRICTED_KEY rk_live_{A}{{24}}
stripe STRIPE_WEBHOOK_SECRET whsec_{A}{{32}}
square SQUARE_ACCESS_TOKEN EAAAl{U}{{59}}
square SQUARE_SECRET sq0csp-{U}{{43}}
razorpay RAZORPAY_KEY_ID rzp_live_{A}{{14}}
plaid PLAID_ACCESS_TOKEN access-production-{UUID}
shopify SHOPIFY_ACCESS_TOKEN shpat_{HEX}{{32}}
woocommerce WC_CONSUMER_SECRET cs_{HEX}{{40}}
shippo SHIPPO_TOKEN shippo_live_{HEX}{{40}}
easypost EASYPOST_API_KEY EZAK{HEX}{{32}}{A}{{22}}
flutterwave FLW_SECRET_KEY FLWSECK-{HEX}{{32}}-X
paystack PAYSTACK_SECRET_KEY sk_live_{HEX}{{40}}
duffel DUFFEL_TOKEN duffel_live_{U}{{43}}
mapbox MAPBOX_TOKEN sk.eyJ1Ijoi{A}{{75}}.{U}{{22}}
newrelic NEW_RELIC_API_KEY NRAK-[A-Z0-9]{{27}}
newrelic NEW_RELIC_LICENSE_KEY {HEX}{{36}}NRAL
grafana GRAFANA_TOKEN glsa_{A}{{32}}_{HEX}{{8}}
grafana GRAFANA_CLOUD_TOKEN glc_eyJvIjoi{B}{{110,140}}=
sentry SENTRY_AUTH_TOKEN sntrys_eyJpYXQiOjE3{B}{{120}}=_{B}{{43}}
sentry SENTRY_AUTH_TOKEN sntryu_{HEX}{{64}}
dynatrace DT_API_TOKEN dt0c01.[A-Z0-9]{{24}}.[A-Z0-9]{{64}}
honeycomb HONEYCOMB_API_KEY hcaik_01[a-z0-9]{{56}}
posthog POSTHOG_PERSONAL_API_KEY phx_{A}{{44}}
hubspot HUBSPOT_TOKEN pat-na1-{UUID}
intercom INTERCOM_TOKEN dG9rO{A}{{54}}=
notion NOTION_TOKEN ntn_\\d{{11}}{A}{{35}}
notion NOTION_TOKEN secret_{A}{{43}}
linear LINEAR_API_KEY lin_api_{A}{{40}}
airtable AIRTABLE_TOKEN pat{A}{{14}}.{HEX}{{64}}
figma FIGMA_TOKEN figd_{U}{{40}}
clickup CLICKUP_TOKEN pk_\\d{{8}}_[A-Z0-9]{{32}}
contentful CONTENTFUL_TOKEN CFPAT-{U}{{43}}
typeform TYPEFORM_TOKEN tfp_{A}{{44}}_{A}{{14}}
databricks DATABRICKS_TOKEN dapi{HEX}{{32}}
dropbox DROPBOX_TOKEN sl.u.{U}{{140}}
facebook FB_ACCESS_TOKEN EAA{A}{{160}}
adafruit ADAFRUIT_IO_KEY aio_{A}{{28}}
launchdarkly LD_SDK_KEY sdk-{UUID}
prefect PREFECT_API_KEY pnu_{A}{{36}}
readme README_API_KEY rdme_[a-z0-9]{{70}}
wakatime WAKATIME_API_KEY waka_{UUID}
onesignal ONESIGNAL_API_KEY os_v2_app_[a-z2-7]{{103}}
telnyx TELNYX_API_KEY KEY0[0-9A-F]{{31}}_{A}{{22}}
clerk CLERK_SECRET_KEY sk_live_{A}{{42}}
stytch STYTCH_SECRET secret-live-{U}{{35}}=
workos WORKOS_API_KEY sk_live_{A}{{70}}
salesforce SF_ACCESS_TOKEN 00D{A}{{12}}!AQ4AQ{A}{{88}}
confluent CONFLUENT_SECRET cflt{B}{{60}}
okta OKTA_API_TOKEN 00{U}{{40}}
sumologic SUMO_ACCESS_ID su{A}{{12}}
yandex YC_API_KEY AQVN{U}{{36}}
age AGE_KEY AGE-SECRET-KEY-1[QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L]{{58}}
cloudinary CLOUDINARY_URL cloudinary://\\d{{15}}:{U}{{27}}@demo-cloud
harness HARNESS_TOKEN pat.{U}{{22}}.{HEX}{{24}}.{A}{{20}}
snowflake SNOWFLAKE_PASSWORD {A}{{9}}!{A}{{9}}
"""

# Nothing in them but the name beside them tells whose they are.
NAMED = f"""
aws AWS_SECRET_ACCESS_KEY {B}{{40}}
azure AZURE_STORAGE_KEY {B}{{86}}==
azure AZURE_COGNITIVE_KEY {HEX}{{32}}
mistral MISTRAL_API_KEY {A}{{32}}
cohere CO_API_KEY {A}{{40}}
wandb WANDB_API_KEY {HEX}{{40}}
deepgram DEEPGRAM_API_KEY {HEX}{{40}}
assemblyai ASSEMBLYAI_API_KEY {HEX}{{32}}
zhipu ZHIPUAI_API_KEY {HEX}{{32}}.{A}{{16}}
sambanova SAMBANOVA_API_KEY {UUID}
deepinfra DEEPINFRA_TOKEN {A}{{32}}
ai21 AI21_API_KEY {A}{{32}}
serper SERPER_API_KEY {HEX}{{40}}
exa EXA_API_KEY {UUID}
hetzner HCLOUD_TOKEN {A}{{64}}
linode LINODE_TOKEN {HEX}{{64}}
vultr VULTR_API_KEY [A-Z0-9]{{36}}
scaleway SCW_SECRET_KEY {UUID}
ibm IBMCLOUD_API_KEY {U}{{44}}
alibaba ALIBABA_CLOUD_ACCESS_KEY_SECRET {A}{{30}}
tencent TENCENTCLOUD_SECRET_KEY {A}{{32}}
cloudflare CLOUDFLARE_API_TOKEN {U}{{40}}
cloudflare CF_API_KEY {HEX}{{37}}
vercel VERCEL_TOKEN {A}{{24}}
heroku HEROKU_API_KEY {UUID}
jenkins JENKINS_API_TOKEN 11{HEX}{{32}}
codecov CODECOV_TOKEN {UUID}
snyk SNYK_TOKEN {UUID}
consul CONSUL_HTTP_TOKEN {UUID}
datadog DD_API_KEY {HEX}{{32}}
datadog DD_APP_KEY {HEX}{{40}}
splunk SPLUNK_HEC_TOKEN {UUID}
pagerduty PAGERDUTY_TOKEN {A}{{20}}
twilio TWILIO_AUTH_TOKEN {HEX}{{32}}
postmark POSTMARK_SERVER_TOKEN {UUID}
mailjet MAILJET_SECRET_KEY {HEX}{{32}}
paypal PAYPAL_CLIENT_SECRET E{U}{{79}}
binance BINANCE_SECRET_KEY {A}{{64}}
coinbase COINBASE_API_SECRET {A}{{32}}
kraken KRAKEN_PRIVATE_KEY {B}{{86}}==
alchemy ALCHEMY_API_KEY {U}{{32}}
infura INFURA_PROJECT_SECRET {HEX}{{32}}
etherscan ETHERSCAN_API_KEY [A-Z0-9]{{34}}
segment SEGMENT_WRITE_KEY {A}{{32}}
zendesk ZENDESK_API_TOKEN {A}{{40}}
freshdesk FRESHDESK_API_KEY {A}{{20}}
asana ASANA_TOKEN [12]/\\d{{16}}:{HEX}{{32}}
trello TRELLO_TOKEN ATTA{HEX}{{64}}{HEX}{{8}}
algolia ALGOLIA_ADMIN_KEY {HEX}{{32}}
auth0 AUTH0_CLIENT_SECRET {U}{{64}}
twitch TWITCH_CLIENT_SECRET [a-z0-9]{{30}}
spotify SPOTIFY_CLIENT_SECRET {HEX}{{32}}
twitter TWITTER_ACCESS_SECRET {A}{{45}}
facebook FACEBOOK_APP_SECRET {HEX}{{32}}
linkedin LINKEDIN_CLIENT_SECRET WPL_AP1.{A}{{16}}.{A}{{5}}==
zoom ZOOM_CLIENT_SECRET {A}{{32}}
ngrok NGROK_AUTHTOKEN 2{A}{{26}}_{A}{{21}}
pusher PUSHER_SECRET {HEX}{{20}}
livekit LIVEKIT_API_SECRET {A}{{43}}
agora AGORA_APP_CERTIFICATE {HEX}{{32}}
ably ABLY_API_KEY {A}{{6}}.{A}{{6}}:{U}{{43}}
mongodb MONGODB_ATLAS_PRIVATE_KEY {UUID}
upstash UPSTASH_REDIS_REST_TOKEN A{A}{{50}}=
algolia ALGOLIA_WRITE_KEY {HEX}{{32}}
openweather OPENWEATHER_API_KEY {HEX}{{32}}
tmdb TMDB_API_KEY {HEX}{{32}}
virustotal VT_API_KEY {HEX}{{64}}
shodan SHODAN_API_KEY {A}{{32}}
okta OKTA_CLIENT_SECRET {U}{{64}}
gcp GCP_HMAC_SECRET {B}{{40}}
django DJANGO_SECRET_KEY [a-z0-9]{{49}}[!#%^&*]
rails SECRET_KEY_BASE {HEX}{{128}}
laravel APP_KEY base64:{B}{{43}}=
flask FLASK_SECRET_KEY {HEX}{{48}}
jwt JWT_SECRET {B}{{43}}=
session SESSION_SECRET {A}{{32}}
nextauth NEXTAUTH_SECRET {B}{{43}}=
encryption ENCRYPTION_KEY {HEX}{{64}}
"""


def parse(table):
    return [tuple(line.split(" ", 2)) for line in table.strip().split("\n")]


def with_crc(chooser, prefix):
    """GitHub and npm: the last six characters are a checksum (base62 of CRC-32)."""
    body = "".join(chooser.choice(ALNUM) for _ in range(30))
    digits, crc = "", zlib.crc32(body.encode())
    alphabet = string.digits + string.ascii_uppercase + string.ascii_lowercase
    for _ in range(6):
        digits = alphabet[crc % 62] + digits
        crc //= 62
    return prefix + body + digits


def jwt(chooser):
    def part(value):
        return base64.urlsafe_b64encode(json.dumps(value, separators=(",", ":")).encode()).decode().rstrip("=")
    claims = {"sub": str(chooser.randint(10**6, 10**9)), "iat": 1700000000 + chooser.randint(0, 10**7),
              "scope": chooser.choice(["read", "read write", "admin"]), "iss": "https://id.harbor.dev"}
    return f"{part({'alg': chooser.choice(['HS256', 'RS256']), 'typ': 'JWT'})}.{part(claims)}.{sample(chooser, U + '{43}')}"


def marked(chooser):
    """(setting's name, secret that tells itself)."""
    special = chooser.random()
    if special < 0.03:
        return "GITHUB_TOKEN", with_crc(chooser, chooser.choice(["ghp_", "gho_", "ghs_"]))
    if special < 0.045:
        return "NPM_TOKEN", with_crc(chooser, "npm_")
    if special < 0.07:
        return "ACCESS_TOKEN", jwt(chooser)
    _, name, expression = chooser.choice(MARKED_ROWS)
    return name, sample(chooser, expression)


def named(chooser):
    """(setting's name, secret that only its name tells)."""
    _, name, expression = chooser.choice(NAMED_ROWS)
    return name, sample(chooser, expression)


def password(chooser):
    """What people and generators make."""
    words = ["Sommer", "Harbor", "tiger", "Dragon", "blue", "Coffee", "winter", "Paris", "monkey", "Falcon", "juli", "Passat"]
    return chooser.choice([
        lambda: sample(chooser, "[A-Za-z0-9!#%+*?=^_-]{12,24}") + str(chooser.randint(0, 9)),
        lambda: sample(chooser, A + "{10,20}") + str(chooser.randint(0, 99)),
        lambda: chooser.choice(words) + chooser.choice(words) + str(chooser.randint(10, 2026)) + chooser.choice("!?#*$@"),
        lambda: chooser.choice(words).replace("o", "0").replace("i", "1") + "@" + str(chooser.randint(100, 9999)) + chooser.choice("!?#x"),
    ])()


MARKED_ROWS = [row for row in parse(MARKED) if row[0] not in ("snowflake", "okta", "confluent", "sumologic")]
NAMED_ROWS = parse(NAMED) + [row for row in parse(MARKED) if row[0] in ("okta", "confluent", "sumologic")]
