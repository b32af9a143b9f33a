"""Discharge curves of a porous electrode from PyBaMM's half-cell DFN model, for the test of the same name in src/cell/limits.rs.

    python -m venv target/reference && target/reference/bin/pip install pybamm==26.10.1.1
    target/reference/bin/python tests/reference/half_cell.py > tests/data/half_cell.csv

A third of NCA, a third of electrolyte and a third of carbon, 40 um thick, in the single-ion limit: with a transference number of 1 the
concentration in the electrolyte stays what it is, as in a solid electrolyte. Lithium diffuses in the particles without resistance.
"""

from pathlib import Path

import numpy as np
import pybamm
from scipy.interpolate import CubicHermiteSpline, PchipInterpolator

LENGTH = 40e-6
VOXEL = 1e-6
SEPARATOR = 1e-6
SHARE = 1 / 3
KAPPA = 0.01
J0 = 0.5
C_MAX = 49200.0
DENSITY = 4780.0
TEMPERATURE = 303.15
START_V = 4.28
STOP_V = 3.3

table = Path(__file__).parents[2] / 'src' / 'materials' / 'nca_ocp.csv'
points = np.array(
    sorted((float(u), float(x)) for x, u in (line.split(',') for line in table.read_text().splitlines()[2:] if line))
)
# The model's own curve: monotone cubic in x(U) with straight ends; its inverse on a table fine enough for straight lines.
slopes = PchipInterpolator(points[:, 0], points[:, 1]).derivative()(points[:, 0])
secants = np.diff(points[:, 1]) / np.diff(points[:, 0])
slopes[[0, -1]] = secants[[0, -1]]
stoichiometry = CubicHermiteSpline(points[:, 0], points[:, 1], slopes)
u = np.linspace(3.2, points[-1, 0], 20001)[::-1]
x = stoichiometry(u)
rising = np.concatenate(([True], np.diff(x) > 1e-9))
x, u = x[rising], u[rising]


def discharge(c_rate):
    model = pybamm.lithium_ion.DFN({'working electrode': 'positive', 'surface form': 'algebraic'})
    parameters = model.default_parameter_values
    current = c_rate * 180.0 * DENSITY * SHARE * LENGTH
    parameters.update(
        {
            'Electrode height [m]': 1.0,
            'Electrode width [m]': 1.0,
            'Ambient temperature [K]': TEMPERATURE,
            'Initial temperature [K]': TEMPERATURE,
            'Current function [A]': current,
            'Nominal cell capacity [A.h]': current / c_rate,
            'Positive electrode thickness [m]': LENGTH,
            'Positive electrode active material volume fraction': SHARE,
            # As much surface as a third of the faces of the voxels: a = 3 SHARE / R = SHARE / VOXEL.
            'Positive particle radius [m]': 3 * VOXEL,
            'Positive particle diffusivity [m2.s-1]': 1e-9,
            'Positive electrode porosity': SHARE,
            'Positive electrode Bruggeman coefficient (electrolyte)': 1.0,
            'Positive electrode Bruggeman coefficient (electrode)': 1.0,
            'Positive electrode conductivity [S.m-1]': 1e4,
            'Maximum concentration in positive electrode [mol.m-3]': C_MAX,
            'Initial concentration in positive electrode [mol.m-3]': C_MAX * float(stoichiometry(START_V)),
            'Positive electrode OCP [V]': lambda sto: pybamm.Interpolant(x, u, sto, extrapolate=True),
            'Positive electrode exchange-current density [A.m-2]': lambda c_e, c, c_max, t: 2
            * J0
            * ((c / c_max) * (1 - c / c_max)) ** 0.5,
            'Positive electrode double-layer capacity [F.m-2]': 0.0,
            'Cation transference number': 1.0,
            'Electrolyte conductivity [S.m-1]': KAPPA,
            'Electrolyte diffusivity [m2.s-1]': 1e-9,
            'Separator thickness [m]': SEPARATOR,
            'Separator porosity': 1.0,
            'Separator Bruggeman coefficient (electrolyte)': 1.0,
            'Exchange-current density for lithium metal electrode [A.m-2]': 1e5,
            'Lower voltage cut-off [V]': STOP_V,
            'Upper voltage cut-off [V]': 4.5,
        },
        check_already_exists=False,
    )
    points = {'x_s': 3, 'x_p': 160, 'r_p': 10}
    points = model.default_var_pts | {'x_p': 160}
    solver = pybamm.IDAKLUSolver(rtol=1e-8, atol=1e-8)
    simulation = pybamm.Simulation(model, parameter_values=parameters, var_pts=points, solver=solver)
    solution = simulation.solve(np.linspace(0, 5400 / c_rate, 2001))
    times = np.linspace(0, solution.t[-1], 401)[1:]
    return zip(times, solution['Voltage [V]'](times))


print(f'# PyBaMM {pybamm.__version__}, tests/reference/half_cell.py')
print('c_rate,time_s,voltage_v')
for c_rate in (0.5, 2.0):
    for time, voltage in discharge(c_rate):
        print(f'{c_rate},{time:.4f},{voltage:.7f}')
