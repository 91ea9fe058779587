//! A simulated GitHub to develop against: it listens on this machine and plays a story.

use std::net::SocketAddr;

use clap::{Parser, ValueEnum};
use jiff::{SignedDuration, Timestamp};
use lampboard_github_double::scenarios::{self, Story};
use lampboard_github_double::{Double, Options, Stage, VirtualClock, WebOptions};

/// The newest Enterprise Server that it is like.
const ENTERPRISE_VERSION: &str = "3.19.1";

/// No story takes longer.
const LONGEST_STORY: SignedDuration = SignedDuration::from_hours(40 * 24);

/// A simulated GitHub on this machine.
#[derive(Debug, Parser)]
struct Args {
    /// Where its pages listen; a loopback address
    #[arg(long, default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// A story to play at first; `list` names them all
    #[arg(long)]
    scenario: Option<String>,
    /// Where the webhooks of the story's App go
    #[arg(long)]
    hook: Option<String>,
    /// What all randomness comes from
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Which GitHub it is
    #[arg(long, value_enum, default_value_t = FlavorArg::Github)]
    flavor: FlavorArg,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum FlavorArg {
    /// github.com
    Github,
    /// GitHub Enterprise Server
    Ghes,
}

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let args = Args::parse();
    if args.scenario.as_deref() == Some("list") {
        print_stories();
        return Ok(());
    }
    let options = options(&args);
    let clock = options.clock.clone();
    if args.scenario.is_some() {
        // Stories take their time, and should be over now and not some day.
        clock.advance(-LONGEST_STORY);
    }
    let double = Double::start(options).await?;
    println!("web      {}", double.web_url());
    println!("api      {}", double.api_url());
    println!("control  {}", double.control_url());
    println!("token    {}", double.control_token());
    if let Some(name) = &args.scenario {
        play(&double, name, args.hook.as_deref())?;
        clock.set(now());
    }
    tokio::signal::ctrl_c().await?;
    double.stop().await;
    Ok(())
}

fn print_stories() {
    for story in Story::ALL {
        println!("{}", story.name());
    }
    println!("s20-load");
}

fn options(args: &Args) -> Options {
    let options = Options {
        seed: args.seed,
        clock: VirtualClock::following(now),
        delivers_at_once: true,
        listen: args.listen,
        web: WebOptions {
            refuses_local_hooks: false,
            ..WebOptions::default()
        },
        ..Options::frozen(args.seed, now())
    };
    match args.flavor {
        FlavorArg::Github => options,
        FlavorArg::Ghes => options.ghes(ENTERPRISE_VERSION),
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "this is the one clock of the process"
)]
fn now() -> Timestamp {
    Timestamp::now()
}

fn play(double: &Double, name: &str, hook: Option<&str>) -> std::io::Result<()> {
    let stage = if name == "s20-load" {
        scenarios::load(double, hook)
    } else {
        let story = Story::named(name).ok_or_else(|| {
            let message = format!("there is no story {name:?}; `--scenario list` names them all");
            std::io::Error::new(std::io::ErrorKind::InvalidInput, message)
        })?;
        let stage = Stage::set(double, hook);
        story.play(&stage);
        stage
    };
    println!("app      {}", stage.app);
    Ok(())
}
