mod calls;
mod looks;
