//! Runs the viewer-request function in-process, within the limits that CloudFront sets.

use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicU32, Ordering},
};

use rquickjs::{CatchResultExt, Context, Ctx, Runtime, context::intrinsic};

use crate::error::{Class, Error, Result};

/// CloudFront's limit on a function's memory, in bytes.
const MEMORY_LIMIT: usize = 2 * 1024 * 1024;

/// How often the engine may ask whether to go on, once every 10,000 steps. Counted rather than timed:
/// a busy machine must not end a call that is short. A call of ours ends before the first question.
const STEP_BUDGET: u32 = 100;

/// CloudFront offers no way to make code from text.
const NO_CODE_FROM_TEXT: &str = "
    [function () {}, async function () {}, function* () {}, async function* () {}].forEach(function (sample) {
        delete Object.getPrototypeOf(sample).constructor;
    });
    delete globalThis.eval;
    delete globalThis.Function;
";

/// A compiled function, callable from any thread: as many engines as there are calls at the same time.
pub struct Function {
    source: String,
    idle: Mutex<Vec<Engine>>,
}

/// One JavaScript runtime with the function in it.
struct Engine {
    context: Context,
    runtime: Runtime,
    steps_left: Arc<AtomicU32>,
}

impl Function {
    /// Compiles `source`, which must define `handler`.
    pub fn new(source: &str) -> Result<Self> {
        let engine = Engine::new(source)?;
        Ok(Self { source: source.to_owned(), idle: Mutex::new(vec![engine]) })
    }

    /// Calls the handler with a JSON event and gives its JSON reply.
    pub fn call(&self, event: &str) -> Result<String> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let engine = idle.map_or_else(|| Engine::new(&self.source), Ok)?;
        let reply = engine.call(event)?;
        // An engine that failed is not used again: it may be out of memory.
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(engine);
        Ok(reply)
    }
}

impl Engine {
    fn new(source: &str) -> Result<Self> {
        let engine = Self::start().map_err(|cause| failed(&cause))?;
        engine.run(|ctx| ctx.eval::<(), _>(NO_CODE_FROM_TEXT.to_owned() + source))?;
        Ok(engine)
    }

    fn start() -> rquickjs::Result<Self> {
        let runtime = Runtime::new()?;
        runtime.set_memory_limit(MEMORY_LIMIT);
        let steps_left = Arc::new(AtomicU32::new(STEP_BUDGET));
        let counter = Arc::clone(&steps_left);
        let out_of_steps =
            move || counter.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_err();
        runtime.set_interrupt_handler(Some(Box::new(out_of_steps)));
        let context = Context::builder()
            .with::<intrinsic::Date>()
            .with::<intrinsic::Eval>()
            .with::<intrinsic::Json>()
            .with::<intrinsic::MapSet>()
            .with::<intrinsic::Promise>()
            .with::<intrinsic::RegExp>()
            .with::<intrinsic::RegExpCompiler>()
            .with::<intrinsic::TypedArrays>()
            .build(&runtime)?;
        Ok(Self { context, runtime, steps_left })
    }

    fn call(&self, event: &str) -> Result<String> {
        self.run(|ctx| {
            let handler: rquickjs::Function = ctx.globals().get("handler")?;
            let reply: rquickjs::Value = handler.call((ctx.json_parse(event)?,))?;
            ctx.json_stringify(reply)?.map_or_else(|| Ok(String::new()), |json| json.to_string())
        })
    }

    fn run<T>(&self, work: impl FnOnce(Ctx) -> rquickjs::Result<T>) -> Result<T> {
        self.steps_left.store(STEP_BUDGET, Ordering::Relaxed);
        self.context.with(|ctx| work(ctx.clone()).catch(&ctx).map_err(|cause| failed(&cause)))
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        // What an interrupted call left behind would outlive the context.
        self.runtime.run_gc();
    }
}

fn failed(cause: &impl std::fmt::Display) -> Error {
    let cause = cause.to_string();
    Error::new(Class::Unexpected, "edge-function", format!("the edge function failed: {}", cause.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_passes_json_both_ways() {
        let function = Function::new("function handler(e) { e.n += 1; return e; }").unwrap();
        assert_eq!(function.call(r#"{"n":1}"#).unwrap(), r#"{"n":2}"#);
        assert_eq!(function.call(r#"{"n":2}"#).unwrap(), r#"{"n":3}"#);
    }

    #[test]
    fn a_call_that_never_ends_is_ended_and_the_next_one_works() {
        let function = Function::new("function handler(e) { while (e.forever) {} return e; }").unwrap();
        assert!(function.call(r#"{"forever":true}"#).unwrap_err().message.contains("interrupted"));
        assert_eq!(function.call("{}").unwrap(), "{}");
    }

    #[test]
    fn memory_is_limited() {
        let function = Function::new("function handler(e) { return 'x'.repeat(e.n).split(''); }").unwrap();
        assert!(function.call(r#"{"n":1000000}"#).is_err());
        assert!(function.call(r#"{"n":1}"#).is_ok());
    }

    #[test]
    fn code_cannot_be_made_from_text() {
        for code in [
            "eval('1')",
            "new Function('return 1')()",
            "(function(){}).constructor('return 1')()",
            "(async function(){}).constructor('return 1')()",
            "new Proxy({}, {})",
        ] {
            let function = Function::new(&format!("function handler(e) {{ return {code}; }}")).unwrap();
            assert!(function.call("{}").is_err(), "{code}");
        }
    }
}
