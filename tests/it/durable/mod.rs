//! Nothing that was acknowledged is lost: kills, torn logs, full and failing disks, on real processes where the promise is
//! about processes. `TORTURE_SCALE=full` runs the long forms.

mod disk;
mod doctor;
mod journal;
mod kill;
mod life;
mod ready;
mod torn;
mod verdict;
