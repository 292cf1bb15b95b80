#pragma once

namespace stagger {

/** @brief Whether the pace may go above what has been measured, and by what steps.
 *
 * Usually it may at any time, and a risen limit is noticed. Switched off, it is held at what was measured or
 * remembered; it may grow only as long as nothing is known, or after being told to look again, until the next
 * measurement.
 */
class limit_testing {
 public:
    /// @param probing size of a step, as a fraction; 0: switched off
    /// @param known whether there is a limit to hold from the start
    limit_testing(double probing, bool known) : probing_(probing), looking_(!known) {}

    bool allowed() const { return probing_ > 0 || looking_; }
    void measured() { looking_ = false; }
    void look_again() { looking_ = true; }

    /// Size of a step, and to how much the limit is measured, which has to be known in any case.
    double step() const { return probing_ > 0 ? probing_ : usual_step; }

    static constexpr double usual_step = 0.01;

 private:
    double probing_;
    bool looking_;
};

}  // namespace stagger
